import { InvalidArgumentError } from '@namm/core/portable';
import type { FloatArray } from './check-attention.js';

/**
 * What the key of a cached token says of it, beside the attention that it received. Ours, not the publication's.
 *
 * - `norm`: ‖k‖₂. Devoto et al. 2024 (https://arxiv.org/abs/2406.11430) evict by it.
 * - `likeness`: cosine of the key and the mean of the head's cached keys, each of length 1. Park et al. 2025
 *   (KeyDiff, https://arxiv.org/abs/2504.15364) keep what is least like the others.
 */
export type KeyFeature = 'norm' | 'likeness';

/** All there are. */
export const keyFeatures: readonly KeyFeature[] = ['norm', 'likeness'];

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
 * Measures key features of the cached tokens of one KV head; they depend on nothing but the keys.
 *
 * @param features which, in the order of the rows of the result
 * @param pieces the keys, oldest first, in one array `[slots, headSize]` or several
 * @returns `[features, slots]`, raw
 * @throws {InvalidArgumentError} for an unknown feature, or pieces that are not made of whole keys
 * @example
 * ```ts
 * measureKeys(['norm'], [Float32Array.of(3, 4, 0, 1)], 2); // Float32Array [5, 1]
 * ```
 */
export function measureKeys(
  features: readonly KeyFeature[],
  pieces: readonly FloatArray[],
  headSize: number,
): Float32Array {
  checkKeyFeatures(features);
  const isWhole = Number.isSafeInteger(headSize) && headSize > 0;
  if (!isWhole || pieces.some(({ length }) => length % headSize !== 0)) {
    const sizes = pieces.map(({ length }) => length).join(' and ');
    throw new InvalidArgumentError('pieces', `of ${sizes} numbers are no keys of ${headSize}`);
  }
  const norms = normsOf(pieces, headSize);
  const result = new Float32Array(features.length * norms.length);
  for (const [row, feature] of features.entries()) {
    const values = feature === 'norm' ? norms : likenesses(pieces, headSize, norms);
    result.set(values, row * norms.length);
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
