import { InvalidArgumentError } from '@namm/core';
import type { CacheShape, KeyRotation, LayerShape } from '../contracts/cache-shape.js';
import type { CacheView } from '../contracts/eviction-policy.js';

/** Numbers per token that {@link RowFeatures} gives of a layer: keys, values, norms of the keys, and 1. */
export function featuresPerToken({ keyValueHeads, headSize }: LayerShape): number {
  return keyValueHeads * (2 * headSize + 1) + 1;
}

/** The cosines and sines of some positions, `[rows, pairs]` each. */
interface Angles {
  readonly pairs: number;
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/**
 * What a layer caches of a token, as inputs of a map: the keys of all KV heads without rotation, their values, the
 * norms of the keys, and 1. Each head of the layer must still hold the token's row.
 */
export class RowFeatures {
  readonly #shape: CacheShape;
  /** Rows are judged by the hundred thousand: fresh memory for each layer would cost as much as the sums. */
  #scratch = new Float64Array(0);
  #anglesOf = new Map<KeyRotation, Angles>();
  #anglesFor = '';

  /** @throws {InvalidArgumentError} when the rotation of its keys cannot be undone */
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
   * @returns `[rows, featuresPerToken]`, valid until the next call; rows that a sliding window has dropped are missing at
   *   the front
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
    if (this.#scratch.length < rows * width) this.#scratch = new Float64Array(rows * width);
    const features = this.#scratch.subarray(0, rows * width);
    if (rows === 0) return features;
    const positions = view.positions(layer, 0);
    const angles = this.#angles(shape, positions.subarray(positions.length - rows));
    for (let head = 0; head < keyValueHeads; head++) {
      const first = view.length(layer, head) - rows;
      const [keys, values] = [view.keys(layer, head, first), view.values(layer, head, first)];
      const [toKey, toValue] = [head * headSize, (keyValueHeads + head) * headSize];
      const toNorm = 2 * keyValueHeads * headSize + head;
      for (let row = 0; row < rows; row++) {
        const [from, to] = [row * headSize, row * width];
        const key = keys.subarray(from, from + headSize);
        features[to + toNorm] = takeBack(key, angles, row, features, to + toKey);
        for (let d = 0; d < headSize; d++) features[to + toValue + d] = values[from + d]!;
      }
    }
    for (let row = 0; row < rows; row++) features[(row + 1) * width - 1] = 1;
    return features;
  }

  /** Layers that share a table share its angles. */
  #angles({ rotation }: LayerShape, positions: Int32Array): Angles {
    if (rotation === undefined || rotation === 'unknown') return noAngles;
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
    const angles = { pairs, cos, sin };
    this.#anglesOf.set(rotation, angles);
    return angles;
  }
}

/** Of keys that are not rotated. */
const noAngles: Angles = { pairs: 0, cos: new Float64Array(0), sin: new Float64Array(0) };

/**
 * Writes one key, with its rotation taken back, where its features are.
 *
 * @returns the norm of the key
 */
function takeBack(
  key: Float32Array,
  { pairs, cos, sin }: Angles,
  row: number,
  features: Float64Array,
  to: number,
): number {
  const turn = row * pairs;
  let squares = 0;
  for (let i = 0; i < pairs; i++) {
    const a = key[i]!;
    const b = key[i + pairs]!;
    const c = cos[turn + i]!;
    const s = sin[turn + i]!;
    squares += a * a + b * b;
    features[to + i] = a * c + b * s;
    features[to + i + pairs] = b * c - a * s;
  }
  for (let i = 2 * pairs; i < key.length; i++) {
    squares += key[i]! * key[i]!;
    features[to + i] = key[i]!;
  }
  return Math.sqrt(squares);
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
