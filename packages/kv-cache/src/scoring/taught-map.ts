import { createHash } from 'node:crypto';
import { InvalidArgumentError } from '@namm/core';
import { featuresPerToken } from './row-features.js';

/** The map of one layer. */
export interface TaughtLayer {
  readonly keyValueHeads: number;
  readonly headSize: number;
  /** A row of weights per KV head, `[keyValueHeads, inputs]`; the last one of a row is the head's bias. */
  readonly weights: Float32Array;
}

/** A linear map, per layer, from what the layer caches of a token to a score per KV head. */
export interface TaughtMap {
  /** Digest of the weights it was fitted for: {@link CacheShape.weights}. */
  readonly model: string;
  readonly layers: readonly TaughtLayer[];
  /** SHA-256 of its numbers, from {@link taughtMap}. */
  readonly digest: string;
}

/**
 * A map with its digest.
 *
 * @throws {InvalidArgumentError} when weights are missing or not finite
 */
export function taughtMap(model: string, layers: readonly TaughtLayer[]): TaughtMap {
  const hash = createHash('sha256').update(model);
  for (const { weights } of layers) {
    hash.update(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  }
  const map = { model, layers, digest: hash.digest('hex') };
  checkTaughtMap(map);
  return map;
}

/** @throws {InvalidArgumentError} naming what cannot be */
export function checkTaughtMap({ layers }: TaughtMap): void {
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
 * Scores of tokens, `[rows]` per KV head.
 *
 * @param features of the tokens, `[rows, inputs]`
 */
export function scoreRows(
  { keyValueHeads, weights }: TaughtLayer,
  features: Float64Array,
): Float32Array[] {
  const inputs = weights.length / keyValueHeads;
  const rows = features.length / inputs;
  return Array.from({ length: keyValueHeads }, (_, head) => {
    const scores = new Float32Array(rows);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++)
        sum += weights[head * inputs + i]! * features[row * inputs + i]!;
      scores[row] = sum;
    }
    return scores;
  });
}
