import { createHash } from 'node:crypto';
import { checkNumber, InvalidArgumentError } from '@namm/core';
import { featuresPerToken } from './row-features.js';

/** The map of one layer. */
export interface TaughtLayer {
  readonly keyValueHeads: number;
  readonly headSize: number;
  /** A row of weights per KV head, `[keyValueHeads, inputs]`; the last one of a row is the head's bias. */
  readonly weights: Float32Array;
}

/** A linear map, per layer, from a token's cached data to a score per KV head. */
export interface TaughtMap {
  /** Digest of the weights it was fitted for: {@link CacheShape.weights}. */
  readonly model: string;
  readonly layers: readonly TaughtLayer[];
  /**
   * Weight of a token's mean score over all heads of all layers, which is added to its score in each head. If other
   * heads need a token, it probably matters, and each head's own estimate is noisy. With 0, each head decides on its
   * own.
   */
  readonly shared: number;
  /** SHA-256 of its numbers, from {@link taughtMap}. */
  readonly digest: string;
}

/**
 * A map with its digest.
 *
 * @param model digest of the weights it was fitted for
 * @param layers their weights
 * @param shared weight of the mean over all heads
 * @throws {InvalidArgumentError} when weights are missing or not finite
 */
export function taughtMap(
  model: string,
  layers: readonly TaughtLayer[],
  shared: number,
): TaughtMap {
  const hash = createHash('sha256').update(`${model} ${shared}`);
  for (const { weights } of layers) {
    hash.update(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  }
  const map = { model, layers, shared, digest: hash.digest('hex') };
  checkTaughtMap(map);
  return map;
}

/** @throws {InvalidArgumentError} naming the invalid part */
export function checkTaughtMap({ layers, shared }: TaughtMap): void {
  checkNumber('map.shared', shared, (weight) => weight >= 0, 'a weight of at least 0');
  for (const [index, layer] of layers.entries()) {
    const { keyValueHeads, headSize, weights } = layer;
    const inputs = featuresPerToken({ ...layer, queryHeads: keyValueHeads, window: null });
    if (weights.length !== keyValueHeads * inputs) {
      const sizes = `${keyValueHeads} KV heads of ${headSize}`;
      const problem = `has ${weights.length} numbers; ${sizes} need ${keyValueHeads * inputs}`;
      throw new InvalidArgumentError(`map.layers[${index}]`, problem);
    }
    const wrong = weights.findIndex((weight) => !Number.isFinite(weight));
    if (wrong < 0) continue;
    const problem = `weight ${wrong} is ${weights[wrong]}; fit or fetch it again`;
    throw new InvalidArgumentError(`map.layers[${index}]`, problem);
  }
}

/**
 * Scores of tokens, `[rows]` per layer and KV head.
 *
 * @param map what scores them
 * @param featuresOf the features of the tokens in a layer, `[rows, inputs]`; rows that a sliding window has dropped are
 * missing at the front, and their layer has no say about these tokens
 */
export function scoreTokens(
  { layers, shared }: TaughtMap,
  featuresOf: (layer: number) => Float64Array,
): Float32Array[][] {
  const scores = layers.map((layer, index) => scoreRows(layer, featuresOf(index)));
  if (shared === 0) return scores;
  const heads = scores.flat();
  const rows = Math.max(0, ...heads.map(({ length }) => length));
  const [sums, counts] = [new Float64Array(rows), new Uint32Array(rows)];
  for (const own of heads) {
    for (let row = 0, at = rows - own.length; row < own.length; row++, at++) {
      sums[at]! += own[row]!;
      counts[at]!++;
    }
  }
  for (const own of heads) {
    for (let row = 0, at = rows - own.length; row < own.length; row++, at++) {
      own[row]! += (shared * sums[at]!) / counts[at]!;
    }
  }
  return scores;
}

/** Scores of tokens in each KV head of a layer. */
function scoreRows(
  { keyValueHeads, weights }: TaughtLayer,
  features: Float64Array,
): Float32Array[] {
  const inputs = weights.length / keyValueHeads;
  const rows = features.length / inputs;
  const wide = Float64Array.from(weights); // once, not once per token
  const scores = Array.from({ length: keyValueHeads }, () => new Float32Array(rows));
  for (let head = 0; head < keyValueHeads; head += 4) {
    scoreFour(wide, head, features, inputs, scores);
  }
  return scores;
}

/**
 * Scores in four heads: a token's features are read once for all of them, and their sums do not wait for each other, which
 * takes a quarter of the time. Behind the last head the sums of that head are made again.
 */
function scoreFour(
  weights: Float64Array,
  first: number,
  features: Float64Array,
  inputs: number,
  scores: readonly Float32Array[],
): void {
  const last = scores.length - 1;
  const a = Math.min(first, last);
  const b = Math.min(first + 1, last);
  const c = Math.min(first + 2, last);
  const d = Math.min(first + 3, last);
  const [inA, inB, inC, inD] = [a * inputs, b * inputs, c * inputs, d * inputs];
  const rows = scores[0]!.length;
  for (let row = 0; row < rows; row++) {
    const at = row * inputs;
    let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0];
    for (let i = 0; i < inputs; i++) {
      const feature = features[at + i]!;
      sumA += weights[inA + i]! * feature;
      sumB += weights[inB + i]! * feature;
      sumC += weights[inC + i]! * feature;
      sumD += weights[inD + i]! * feature;
    }
    scores[a]![row] = sumA;
    scores[b]![row] = sumB;
    scores[c]![row] = sumC;
    scores[d]![row] = sumD;
  }
}
