import type { FloatArray } from '@namm/core/portable';
import { InvalidArgumentError } from '@namm/core/portable';
import { meansNearby } from './means-nearby.js';

/**
 * A feature computed from the key of a cached token, in addition to the attention that it received. Our extension, not
 * in the publication.
 *
 * - `norm`: ‖k‖₂. Devoto et al. 2024 (https://arxiv.org/abs/2406.11430) evict by it.
 * - `likeness`: cosine between the key and the mean of the head's cached keys, each scaled to length 1. KeyDiff (Park
 *   et al. 2025, https://arxiv.org/abs/2504.15364) keeps the keys that are least like the others.
 * - `norm-nearby`, `likeness-nearby`: their means over the cached tokens at most two places away, because what matters
 *   in a text usually spans several tokens. (SnapKV, Li et al. 2024, https://arxiv.org/abs/2404.14469, pools attention
 *   for that reason.)
 */
export type KeyFeature = 'norm' | 'likeness' | 'norm-nearby' | 'likeness-nearby';

/** All key features. */
export const keyFeatures: readonly KeyFeature[] = [
  'norm',
  'likeness',
  'norm-nearby',
  'likeness-nearby',
];

/** Tokens to either side that are nearby. */
const radius = 2;

/** @throws {InvalidArgumentError} unless these are key features, each named once */
export function checkKeyFeatures(features: readonly KeyFeature[]): void {
  const isKnown =
    Array.isArray(features) &&
    features.every((feature) => keyFeatures.includes(feature)) &&
    new Set(features).size === features.length;
  if (isKnown) return;
  const problem = `[${features}] are not some of ${keyFeatures.join(', ')}, each once`;
  throw new InvalidArgumentError('keys', problem);
}

/**
 * Measures key features of the cached tokens of one KV head. They depend only on the keys and their places in the
 * sequence.
 *
 * @param features which features, in the order of the result's rows
 * @param pieces the keys, oldest first, in one array `[slots, headSize]` or several
 * @param tokens which token of the sequence each slot holds, ascending `[slots]`
 * @returns `[features, slots]`, raw
 * @throws {InvalidArgumentError} for an unknown feature, or pieces that do not consist of whole keys
 * @example
 * ```ts
 * measureKeys(['norm'], [Float32Array.of(3, 4, 0, 1)], 2, [0, 1]); // Float32Array [5, 1]
 * ```
 */
export function measureKeys(
  features: readonly KeyFeature[],
  pieces: readonly FloatArray[],
  headSize: number,
  tokens: ArrayLike<number>,
): Float32Array {
  checkKeyFeatures(features);
  const isWhole = Number.isSafeInteger(headSize) && headSize > 0;
  if (!isWhole || pieces.some(({ length }) => length % headSize !== 0)) {
    const sizes = pieces.map(({ length }) => length).join(' and ');
    throw new InvalidArgumentError('pieces', `of ${sizes} numbers are not keys of ${headSize}`);
  }
  if (features.length === 0) return new Float32Array(0);
  const norms = normsOf(pieces, headSize);
  if (tokens.length !== norms.length) {
    throw new InvalidArgumentError('tokens', `${tokens.length} are given for ${norms.length} keys`);
  }
  const needsLikeness = features.some((feature) => feature.startsWith('likeness'));
  const own = {
    norm: norms,
    likeness: needsLikeness ? likenesses(pieces, headSize, norms) : norms,
  };
  const result = new Float32Array(features.length * norms.length);
  for (const [row, feature] of features.entries()) {
    const values = own[feature.startsWith('norm') ? 'norm' : 'likeness'];
    const isNearby = feature.endsWith('nearby');
    result.set(isNearby ? meansNearby(values, tokens, radius) : values, row * norms.length);
  }
  return result;
}

function normsOf(pieces: readonly FloatArray[], headSize: number): Float64Array {
  const slots = pieces.reduce((sum, { length }) => sum + length, 0) / headSize;
  const norms = new Float64Array(slots);
  let slot = 0;
  for (const keys of pieces) {
    for (let from = 0; from < keys.length; from += headSize) {
      let squares = 0;
      for (let d = from; d < from + headSize; d++) squares += keys[d]! * keys[d]!;
      norms[slot++] = Math.sqrt(squares);
    }
  }
  return norms;
}

/** Cosines with the mean of the unit keys; 0 where either has no direction. */
function likenesses(
  pieces: readonly FloatArray[],
  headSize: number,
  norms: Float64Array,
): Float64Array {
  const mean = new Float64Array(headSize);
  let slot = 0;
  for (const keys of pieces) {
    for (let from = 0; from < keys.length; from += headSize, slot++) {
      if (norms[slot] === 0) continue;
      for (let d = 0; d < headSize; d++) mean[d]! += keys[from + d]! / norms[slot]!;
    }
  }
  const length = Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0));
  const cosines = new Float64Array(norms.length);
  slot = 0;
  for (const keys of pieces) {
    for (let from = 0; from < keys.length; from += headSize, slot++) {
      if (norms[slot] === 0 || length === 0) continue;
      let product = 0;
      for (let d = 0; d < headSize; d++) product += keys[from + d]! * mean[d]!;
      cosines[slot] = product / (norms[slot]! * length);
    }
  }
  return cosines;
}
