import { InvalidArgumentError } from '@namm/core';
import type { CacheShape, KeyRotation, LayerShape } from '../contracts/cache-shape.js';
import type { CacheView } from '../contracts/eviction-policy.js';

/** Numbers per token that {@link RowFeatures} gives of a layer: keys, values, norms of the keys, and 1. */
export function featuresPerToken({ keyValueHeads, headSize }: LayerShape): number {
  return keyValueHeads * (2 * headSize + 1) + 1;
}

/** The cosines and sines of some positions, `[rows, pairs]` each. */
interface Angles {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/**
 * What a layer itself caches of a token, as inputs of a map: the keys of all KV heads with their rotation taken back,
 * their values, the norms of the keys, and 1. Each head of the layer must still hold the token's row.
 */
export class RowFeatures {
  readonly #shape: CacheShape;
  #anglesOf = new Map<KeyRotation, Angles>();
  #anglesFor = '';

  /** @throws {InvalidArgumentError} when the rotation of its keys cannot be taken back */
  constructor(shape: CacheShape) {
    this.#shape = shape;
    const layer = shape.layers.findIndex(({ rotation }) => rotation === 'unknown');
    if (layer < 0) return;
    const problem = `the rotation of the keys of layer ${layer} depends on more than their position`;
    throw new InvalidArgumentError('policy', `${problem}; load the model with fewer positions`);
  }

  /**
   * The features of the rows of a layer whose tokens are not below `from`.
   *
   * @returns `[rows, featuresPerToken]`; rows that a sliding window has dropped are missing at the front
   * @throws {InvalidArgumentError} when the heads do not hold the same of these tokens
   */
  read(view: CacheView, layer: number, from: number): Float64Array {
    const shape = this.#shape.layers[layer]!;
    const { keyValueHeads, headSize } = shape;
    const counts = Array.from({ length: keyValueHeads }, (_, head) => {
      const tokens = view.tokens(layer, head);
      return tokens.length - firstFrom(tokens, from);
    });
    const rows = counts[0]!;
    if (counts.some((count) => count !== rows)) {
      const problem = `heads of layer ${layer} hold different tokens from ${from} on`;
      throw new InvalidArgumentError('cache', `${problem}; read under this policy from the start`);
    }
    const width = featuresPerToken(shape);
    const features = new Float64Array(rows * width);
    if (rows === 0) return features;
    const positions = view.positions(layer, 0);
    const angles = this.#angles(shape, positions.subarray(positions.length - rows));
    for (let head = 0; head < keyValueHeads; head++) {
      const first = view.length(layer, head) - rows;
      const [keys, values] = [view.keys(layer, head, first), view.values(layer, head, first)];
      const [toKey, toValue] = [head * headSize, (keyValueHeads + head) * headSize];
      const toNorm = 2 * keyValueHeads * headSize + head;
      for (let row = 0; row < rows; row++) {
        const at = row * width;
        let squares = 0;
        for (let d = 0; d < headSize; d++) {
          const key = keys[row * headSize + d]!;
          squares += key * key;
          features[at + toKey + d] = key;
          features[at + toValue + d] = values[row * headSize + d]!;
        }
        features[at + toNorm] = Math.sqrt(squares);
        if (angles !== null) takeBack(features, at + toKey, angles, row, rows);
      }
    }
    for (let row = 0; row < rows; row++) features[(row + 1) * width - 1] = 1;
    return features;
  }

  /** Layers that share a table share its angles. */
  #angles({ rotation }: LayerShape, positions: Int32Array): Angles | null {
    if (rotation === undefined || rotation === 'unknown') return null;
    const these = `${positions[0]} ${positions.at(-1)} ${positions.length}`;
    if (this.#anglesFor !== these) this.#anglesOf = new Map();
    this.#anglesFor = these;
    const known = this.#anglesOf.get(rotation);
    if (known !== undefined) return known;
    const { frequencies, factor } = rotation;
    const pairs = frequencies.length;
    const cos = new Float64Array(positions.length * pairs);
    const sin = new Float64Array(positions.length * pairs);
    for (const [row, position] of positions.entries()) {
      for (let i = 0; i < pairs; i++) {
        const angle = Math.fround(position * frequencies[i]!); // as keys were rotated
        cos[row * pairs + i] = Math.cos(angle) / factor;
        sin[row * pairs + i] = Math.sin(angle) / factor;
      }
    }
    this.#anglesOf.set(rotation, { cos, sin });
    return { cos, sin };
  }
}

/** Takes the rotation of one key back, in place. */
function takeBack(
  numbers: Float64Array,
  at: number,
  { cos, sin }: Angles,
  row: number,
  rows: number,
): void {
  const pairs = cos.length / rows;
  for (let i = 0; i < pairs; i++) {
    const [a, b] = [numbers[at + i]!, numbers[at + i + pairs]!];
    const [c, s] = [cos[row * pairs + i]!, sin[row * pairs + i]!];
    numbers[at + i] = a * c + b * s;
    numbers[at + i + pairs] = b * c - a * s;
  }
}

/** The first slot whose token is not below `from`; tokens ascend. */
export function firstFrom(tokens: Int32Array, from: number): number {
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (tokens[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
