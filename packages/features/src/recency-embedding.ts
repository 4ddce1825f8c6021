import { checkNames, InvalidArgumentError } from '@namm/core/portable';

/** How the age of a token is encoded for the scorer. */
export interface RecencySettings {
  /** Numbers per token, even. @defaultValue 8 */
  readonly dimension?: number;
  /** The frequencies are maxFrequency^(−2k / dimension). @defaultValue 50000 */
  readonly maxFrequency?: number;
  /** Age of the newest token. @defaultValue 0 */
  readonly start?: number;
}

/**
 * Sinusoids of a token's age: sin(age f_k) for every k, then cos(age f_k), f_k = 50000^(−k/4). The age is
 * the newest position minus the token's own.
 *
 * @example
 * ```ts
 * new RecencyEmbedding().row(0); // Float32Array [0, 0, 0, 0, 1, 1, 1, 1]
 * ```
 */
export class RecencyEmbedding {
  readonly dimension: number;
  readonly #frequencies: Float64Array;
  readonly #start: number;
  /** Rows of ages 0 … as far as needed so far; every head needs the same ones again and again. */
  #table = new Float32Array(0);

  /** @throws {InvalidArgumentError} for a dimension that is not even, or another value out of range */
  constructor(settings: RecencySettings = {}) {
    checkNames('RecencyEmbedding', settings, ['dimension', 'maxFrequency', 'start']);
    const { dimension = 8, maxFrequency = 50_000, start = 0 } = settings;
    if (!Number.isSafeInteger(dimension) || dimension < 2 || dimension % 2 !== 0) {
      throw new InvalidArgumentError('dimension', `${dimension} is not an even number above 0`);
    }
    if (!(maxFrequency > 0) || !Number.isFinite(maxFrequency)) {
      throw new InvalidArgumentError('maxFrequency', `${maxFrequency} is not above 0`);
    }
    if (!Number.isSafeInteger(start) || start < 0) {
      throw new InvalidArgumentError('start', `${start} is not a whole number of at least 0`);
    }
    this.dimension = dimension;
    this.#start = start;
    const count = dimension / 2;
    this.#frequencies = Float64Array.from(
      { length: count },
      (_, k) => maxFrequency ** (-k / count),
    );
  }

  /**
   * The numbers of one age.
   *
   * @param age in tokens, a whole number of at least 0
   * @returns `[dimension]`, a view of a table; do not change it
   */
  row(age: number): Float32Array {
    const start = this.#startOf(age);
    return this.#table.subarray(start, start + this.dimension);
  }

  /** Writes the numbers of one age to `target[offset …]`. */
  copyRow(age: number, target: Float32Array, offset: number): void {
    const start = this.#startOf(age);
    const table = this.#table;
    for (let i = 0; i < this.dimension; i++) target[offset + i] = table[start + i]!;
  }

  /** Where the numbers of an age stand in the table. */
  #startOf(age: number): number {
    if (!Number.isSafeInteger(age) || age < 0) {
      throw new InvalidArgumentError('age', `${age} is not a whole number of at least 0`);
    }
    const start = age * this.dimension;
    if (start >= this.#table.length) this.#extend(Math.max(1024, Math.ceil(1.5 * age) + 1));
    return start;
  }

  #extend(ages: number): void {
    const { dimension } = this;
    const count = dimension / 2;
    const table = new Float32Array(ages * dimension);
    table.set(this.#table);
    for (let age = this.#table.length / dimension; age < ages; age++) {
      for (const [k, frequency] of this.#frequencies.entries()) {
        const angle = (age + this.#start) * frequency;
        table[age * dimension + k] = Math.sin(angle);
        table[age * dimension + count + k] = Math.cos(angle);
      }
    }
    this.#table = table;
  }
}
