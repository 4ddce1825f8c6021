import type { FloatArray } from '@namm/core/portable';
import { checkNames, InvalidArgumentError } from '@namm/core/portable';
import type { FeatureState } from './feature-state.js';
import { checkKeyFeatures, type KeyFeature } from './key-features.js';
import { findNormaliserProblem, type Normaliser } from './normaliser.js';
import { RecencyEmbedding, type RecencySettings } from './recency-embedding.js';
import { bins } from './stft.js';

export interface FeatureEncoderOptions {
  /** Statistics of the 17 magnitudes, and of the key features behind them. */
  readonly normaliser: Normaliser;
  readonly recency?: RecencySettings;
  /**
   * Further features that a scorer sees; not in the publication.
   * @defaultValue nothing
   */
  readonly keys?: readonly KeyFeature[];
}

/** Which head a state belongs to, and the positions of its tokens. */
export interface HeadTokens {
  /** Position of the token in each slot, ascending. */
  readonly positions: ArrayLike<number>;
  /** Position of the sequence's newest token; ages count from it. */
  readonly newest: number;
  /** Needed when the normaliser has statistics per head. @defaultValue 0 */
  readonly layer?: number;
  /** @defaultValue 0 */
  readonly head?: number;
  /** Result of {@link measureKeys}, `[keys, slots]`; needed when the encoder has key features. */
  readonly keys?: FloatArray;
}

/** Slots that are interleaved at a time, so that their rows stay in the first-level cache. */
const tileSize = 128;
const tile = new Float32Array(tileSize);

/** The published lower bound of a standard deviation. */
const smallestDeviation = 1e-7;

/**
 * Turns the state of a head into the input of a scorer: per token the recency embedding, then the normalised
 * magnitudes, (w − mean) / max(√variance, 1e-7), then any key features, normalised in the same way.
 *
 * @example
 * ```ts
 * const encoder = new FeatureEncoder({ normaliser });
 * encoder.encode(state, { positions, newest: 63 }); // Float32Array [slots, 25]
 * ```
 */
export class FeatureEncoder {
  /** Numbers per token: 25 at the published sizes. */
  readonly size: number;
  readonly #normaliser: Normaliser;
  readonly #deviations: Float64Array;
  readonly #recency: RecencyEmbedding;
  /** Key features per token. */
  readonly #keys: number;

  /**
   * @throws {InvalidArgumentError} when the normaliser does not have 17 finite means and variances above 0, plus one
   *   per key feature, or a key feature is unknown
   */
  constructor(options: FeatureEncoderOptions) {
    checkNames('FeatureEncoder', options, ['normaliser', 'recency', 'keys']);
    const { normaliser, recency, keys = [] } = options;
    checkKeyFeatures(keys);
    this.#keys = keys.length;
    const problem = findNormaliserProblem(normaliser, bins + keys.length);
    if (problem) throw new InvalidArgumentError('normaliser', problem);
    this.#normaliser = normaliser;
    this.#deviations = Float64Array.from(normaliser.variance, (variance) =>
      Math.max(Math.sqrt(variance), smallestDeviation),
    );
    this.#recency = new RecencyEmbedding(recency);
    this.size = this.#recency.dimension + bins + keys.length;
  }

  /**
   * @param target where to write `[slots, size]`; pass a part of a larger array to build a batch. Allocated if absent
   * @returns the target
   * @throws {InvalidArgumentError} when positions, head, keys or target do not fit the state
   */
  encode(state: FeatureState, tokens: HeadTokens, target?: Float32Array): Float32Array {
    const { positions, newest, layer = 0, head = 0 } = tokens;
    const { slots } = state;
    const { size } = this;
    const result = target ?? new Float32Array(slots * size);
    this.#check(slots, tokens, result);
    const start = this.#statisticsOf(layer, head);
    const { mean } = this.#normaliser;
    const { dimension } = this.#recency;
    for (let slot = 0; slot < slots; slot++) {
      this.#recency.copyRow(newest - positions[slot]!, result, slot * size);
    }
    for (let first = 0; first < slots; first += tileSize) {
      const count = Math.min(tileSize, slots - first);
      for (let feature = 0; feature < bins + this.#keys; feature++) {
        if (feature < bins) state.loadBin(feature, first, count, tile);
        const values = feature < bins ? tile : keysFrom(tokens, (feature - bins) * slots + first);
        const target = first * size + dimension + feature;
        normalise(values, count, mean[start + feature]!, this.#deviations[start + feature]!, {
          result,
          target,
          size,
        });
      }
    }
    return result;
  }

  #check(slots: number, { positions, newest, keys }: HeadTokens, result: Float32Array): void {
    if (positions.length !== slots || result.length !== slots * this.size) {
      const given = `${positions.length} positions and room for ${result.length} numbers`;
      const needed = `${slots} and ${slots * this.size} are needed`;
      throw new InvalidArgumentError('tokens', `${given}; ${needed}`);
    }
    if ((keys?.length ?? 0) !== this.#keys * slots) {
      const needed = `${this.#keys * slots} are needed`;
      throw new InvalidArgumentError('tokens', `${keys?.length ?? 0} key features; ${needed}`);
    }
    for (let slot = 0; slot < slots; slot++) {
      const age = newest - positions[slot]!;
      if (Number.isSafeInteger(age) && age >= 0) continue;
      const problem = `slot ${slot} has position ${positions[slot]}, not at most the newest, ${newest}`;
      throw new InvalidArgumentError('tokens', problem);
    }
  }

  /** Where the statistics of a head begin. */
  #statisticsOf(layer: number, head: number): number {
    const [layers, heads] = this.#normaliser.shape;
    if (this.#normaliser.shape.length === 1) return 0;
    const isIn = (value: number, count: number) =>
      Number.isSafeInteger(value) && value >= 0 && value < count;
    if (isIn(layer, layers!) && isIn(head, heads!)) {
      return (layer * heads! + head) * (bins + this.#keys);
    }
    const there = `the normaliser has ${layers} layers of ${heads} heads`;
    throw new InvalidArgumentError(
      'tokens',
      `layer ${layer}, head ${head}: ${there}; calibrate it`,
    );
  }
}

const keysFrom = ({ keys }: HeadTokens, from: number) => keys!.subarray(from);

/** Writes (value − mean) / deviation of `count` values to every `size`-th number of the result. */
function normalise(
  values: FloatArray,
  count: number,
  mean: number,
  deviation: number,
  { result, target, size }: { result: Float32Array; target: number; size: number },
): void {
  for (let i = 0; i < count; i++) {
    result[target + i * size] = (values[i]! - mean) / deviation;
  }
}
