import type { FloatArray } from '@namm/core/portable';
import { checkNames, InvalidArgumentError } from '@namm/core/portable';
import { findNormaliserProblem, type Normaliser } from './normaliser.js';
import { bins } from './stft.js';

/** Statistics as plain data, to be sent or stored. Rows are `[layers, heads]`. */
export interface SpectrumStatisticsData {
  readonly layers: number;
  readonly heads: number;
  /** Tokens per row. */
  readonly count: Float64Array;
  /** `[layers, heads, 17 + key features]`. */
  readonly mean: Float64Array;
  /** Population variance, of the same shape. */
  readonly variance: Float64Array;
}

/** What is measured: `layers`, the most KV `heads` of one, and so many key features beside the spectrum. */
interface StatisticsShape {
  readonly layers: number;
  readonly heads: number;
  /** @defaultValue 0 */
  readonly keys?: number;
}

/** Whether a normaliser has statistics for all heads together, as published, or for each head. */
export type NormaliserScope = 'shared' | 'per-head';

/** All scopes of a normaliser. */
export const normaliserScopes: readonly NormaliserScope[] = ['shared', 'per-head'];

/**
 * Mean and variance of the raw magnitudes, and of any key features, over tokens, calls and prompts. A normaliser is
 * frozen from them: once when a NAMM is trained, with the full cache, and again ("calibration") when it is moved to
 * another model, over any text that this model reads.
 *
 * Parts are merged by the formula of Chan et al., so that workers can measure separately.
 *
 * @example
 * ```ts
 * const statistics = new SpectrumStatistics({ layers: 1, heads: 1 });
 * statistics.add(state.spectrum(), { layer: 0, head: 0 }); // at every update, under the full cache
 * const normaliser = statistics.normaliser();
 * ```
 */
export class SpectrumStatistics {
  readonly layers: number;
  readonly heads: number;
  /** Numbers per token: 17 magnitudes, then the key features. */
  readonly features: number;
  readonly #count: Float64Array;
  readonly #mean: Float64Array;
  readonly #variance: Float64Array;

  /**
   * @param shape the model's layers, the largest number of KV heads of a layer, and how many key features there are
   * @throws {InvalidArgumentError} when these are not whole numbers above 0
   */
  constructor(shape: StatisticsShape) {
    checkNames('SpectrumStatistics', shape, ['layers', 'heads', 'keys']);
    const { layers, heads, keys = 0 } = shape;
    for (const [name, value] of Object.entries({ layers, heads, keys: keys + 1 })) {
      if (Number.isSafeInteger(value) && value > 0) continue;
      throw new InvalidArgumentError(name, `${value} is not a whole number above 0`);
    }
    this.features = bins + keys;
    this.layers = layers;
    this.heads = heads;
    this.#count = new Float64Array(layers * heads);
    this.#mean = new Float64Array(layers * heads * this.features);
    this.#variance = new Float64Array(layers * heads * this.features);
  }

  /** Tokens counted, over all heads and calls. */
  get count(): number {
    return this.#count.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Adds the tokens of one head at one update.
   *
   * @param spectrum `[17, tokens]`, raw, as `FeatureState.spectrum()` gives it
   * @param keys `[key features, tokens]`, raw, as `measureKeys` gives them
   * @throws {InvalidArgumentError} when the numbers are not finite or of the wrong count, or there is no such head
   */
  add(
    spectrum: FloatArray,
    { layer, head }: { readonly layer: number; readonly head: number },
    keys: FloatArray = new Float32Array(0),
  ): void {
    const row = layer * this.heads + head;
    const isThere = layer >= 0 && head >= 0 && head < this.heads && row < this.#count.length;
    if (!isThere || !Number.isSafeInteger(row)) {
      const problem = `there is no head ${head} in layer ${layer}`;
      throw new InvalidArgumentError('head', `${problem} of ${this.layers} × ${this.heads}`);
    }
    const tokens = spectrum.length / bins;
    const isMeasured = (values: FloatArray) =>
      values.every((value: number) => Number.isFinite(value));
    if (!Number.isInteger(tokens) || !isMeasured(spectrum)) {
      throw new InvalidArgumentError('spectrum', `not [${bins}, tokens] of finite numbers`);
    }
    if (keys.length !== (this.features - bins) * tokens || !isMeasured(keys)) {
      const needed = `[${this.features - bins}, ${tokens}]`;
      throw new InvalidArgumentError('keys', `not ${needed} of finite numbers`);
    }
    if (tokens === 0) return;
    const mean = new Float64Array(this.features);
    const variance = new Float64Array(this.features);
    for (let bin = 0; bin < this.features; bin++) {
      const [source, line] = bin < bins ? [spectrum, bin] : [keys, bin - bins];
      const own = source.subarray(line * tokens, (line + 1) * tokens);
      let sum = 0;
      for (const value of own) sum += value;
      mean[bin] = sum / tokens;
      let squares = 0;
      for (const value of own) squares += (value - mean[bin]!) ** 2;
      variance[bin] = squares / tokens;
    }
    mergeRow(this.#data(), row, { count: Float64Array.of(tokens), mean, variance }, 0);
  }

  /**
   * Merges other statistics into these.
   *
   * @throws {InvalidArgumentError} when they have another shape, or hold impossible values
   */
  merge(other: SpectrumStatisticsData | SpectrumStatistics): void {
    const data = other instanceof SpectrumStatistics ? other.#data() : other;
    this.#checkMerge(data);
    for (const row of data.count.keys()) mergeRow(this.#data(), row, data, row);
  }

  /** A copy as plain data. */
  toData(): SpectrumStatisticsData {
    return structuredClone(this.#data());
  }

  /**
   * Freezes the statistics.
   *
   * @throws {InvalidArgumentError} when they are insufficient: heads without tokens, or a variance of 0
   */
  normaliser(scope: NormaliserScope = 'shared'): Normaliser {
    const { count, mean, variance } = scope === 'shared' ? this.#pooled() : this.#data();
    const result: Normaliser = {
      shape: scope === 'shared' ? [this.features] : [this.layers, this.heads, this.features],
      mean: Float32Array.from(mean),
      variance: Float32Array.from(variance),
      count: count.slice(),
    };
    const problem = findNormaliserProblem(result, this.features);
    if (problem === null) return result;
    throw new InvalidArgumentError('statistics', `${problem}; measure on more text`);
  }

  #data(): SpectrumStatisticsData {
    return {
      layers: this.layers,
      heads: this.heads,
      count: this.#count,
      mean: this.#mean,
      variance: this.#variance,
    };
  }

  /** The statistics of all heads together. */
  #pooled(): Moments {
    const pooled: Moments = {
      count: new Float64Array(1),
      mean: new Float64Array(this.features),
      variance: new Float64Array(this.features),
    };
    for (const row of this.#count.keys()) mergeRow(pooled, 0, this.#data(), row);
    return pooled;
  }

  #checkMerge({ layers, heads, count, mean, variance }: SpectrumStatisticsData): void {
    const fits =
      layers === this.layers &&
      heads === this.heads &&
      count.length === this.#count.length &&
      mean.length === this.#mean.length &&
      variance.length === this.#mean.length;
    if (!fits) {
      const problem = `measured on ${layers} × ${heads} heads, not on ${this.layers} × ${this.heads}`;
      throw new InvalidArgumentError('other', problem);
    }
    const isValid =
      count.every((value) => Number.isSafeInteger(value) && value >= 0) &&
      mean.every(Number.isFinite) &&
      variance.every((value) => Number.isFinite(value) && value >= 0);
    if (!isValid)
      throw new InvalidArgumentError('other', 'holds numbers that no measurement gives');
  }
}

/** Rows of counts, means and population variances. */
interface Moments {
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Chan, Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing sample variances" (1979). */
function mergeRow(target: Moments, row: number, source: Moments, sourceRow: number): void {
  const before = target.count[row]!;
  const added = source.count[sourceRow]!;
  if (added === 0) return;
  const count = before + added;
  const features = target.mean.length / target.count.length;
  for (let feature = 0; feature < features; feature++) {
    const at = row * features + feature;
    const from = sourceRow * features + feature;
    const difference = source.mean[from]! - target.mean[at]!;
    target.variance[at] =
      (before * target.variance[at]! + added * source.variance[from]!) / count +
      (difference * difference * before * added) / count ** 2;
    target.mean[at]! += (difference * added) / count;
  }
  target.count[row] = count;
}
