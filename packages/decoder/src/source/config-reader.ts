import { ModelFolderError } from '../errors.js';

export interface NumberLimits {
  /** Used when the key is absent; without a default the key is required. */
  readonly default?: number;
  readonly above?: number;
  readonly atMost?: number;
}

/** No real model comes near; a larger number is a damaged file, and must not size an allocation. */
const largestCount = 2 ** 31 - 1;

/**
 * Typed access to a `config.json`: every value is checked when it is read, and an invalid one throws a
 * {@link ModelFolderError} that names file and key.
 */
export class ConfigReader {
  constructor(
    readonly file: string,
    private readonly values: Readonly<Record<string, unknown>>,
    private readonly path = '',
  ) {}

  /**
   * The same configuration with defaults for missing keys: the parts of a composite model omit what their family
   * assumes.
   */
  withDefaults(defaults: Readonly<Record<string, unknown>>): ConfigReader {
    return new ConfigReader(this.file, { ...defaults, ...this.values }, this.path);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.values, key) && this.values[key] != null;
  }

  /** A whole number of at least 1; `ceiling` bounds it where a larger one cannot be real. */
  count(key: string, defaultValue?: number, ceiling = largestCount): number {
    const value = this.#value(key, defaultValue);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= ceiling) {
      return value;
    }
    return this.fail(key, `${show(value)} is not a whole number from 1 to ${ceiling}`);
  }

  /** A finite number. */
  number(key: string, limits: NumberLimits = {}): number {
    const { above = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = limits;
    const value = this.#value(key, limits.default);
    if (typeof value === 'number' && Number.isFinite(value) && value > above && value <= atMost) {
      return value;
    }
    return this.fail(key, `${show(value)} is not a number above ${above} and at most ${atMost}`);
  }

  /** True or false; null counts as absent. */
  boolean(key: string, defaultValue: boolean): boolean {
    const value = this.has(key) ? this.values[key] : defaultValue;
    return typeof value === 'boolean'
      ? value
      : this.fail(key, `${show(value)} is not true or false`);
  }

  text(key: string, defaultValue?: string): string {
    const value = this.#value(key, defaultValue);
    return typeof value === 'string' ? value : this.fail(key, `${show(value)} is not a text`);
  }

  /** A list of exactly `length` positive numbers. */
  numbers(key: string, length: number): readonly number[] {
    const value = this.#value(key, undefined);
    if (
      Array.isArray(value) &&
      value.length === length &&
      value.every((item) => typeof item === 'number' && Number.isFinite(item) && item > 0)
    ) {
      return value;
    }
    return this.fail(key, `is not a list of ${length} positive numbers`);
  }

  /** A list of pairs of whole numbers above 0, at least one, or null when absent. */
  optionalPairs(key: string): readonly (readonly [number, number])[] | null {
    if (!this.has(key)) return null;
    const value = this.values[key];
    const isPair = (item: unknown): item is [number, number] =>
      Array.isArray(item) &&
      item.length === 2 &&
      item.every((each) => Number.isSafeInteger(each) && each > 0);
    if (Array.isArray(value) && value.length > 0 && value.every(isPair)) return value;
    return this.fail(key, 'is not a list of pairs of whole numbers above 0');
  }

  /** A list of `length` texts, or null when absent. */
  optionalTexts(key: string, length: number): readonly string[] | null {
    if (!this.has(key)) return null;
    const value = this.values[key];
    if (
      Array.isArray(value) &&
      value.length === length &&
      value.every((item) => typeof item === 'string')
    ) {
      return value;
    }
    return this.fail(key, `is not a list of ${length} texts`);
  }

  /** A list of at least `length` whole numbers, or null when absent. */
  optionalIntegers(key: string, length: number): readonly number[] | null {
    if (!this.has(key)) return null;
    const value = this.values[key];
    if (Array.isArray(value) && value.length >= length && value.every(Number.isInteger)) {
      return value;
    }
    return this.fail(key, `is not a list of at least ${length} whole numbers`);
  }

  /** A whole number of at least 1, or null when absent or null. */
  optionalCount(key: string): number | null {
    return this.has(key) ? this.count(key) : null;
  }

  /** A whole number of at least 1, null when null, the default when absent. */
  optionalCountOr(key: string, defaultValue: number): number | null {
    return Object.hasOwn(this.values, key) ? this.optionalCount(key) : defaultValue;
  }

  /** A positive number, null when null, the default when absent. */
  optionalNumberOr(key: string, defaultValue: number): number | null {
    return Object.hasOwn(this.values, key) ? this.optionalNumber(key) : defaultValue;
  }

  /** A positive number, or null when absent or null. */
  optionalNumber(key: string): number | null {
    return this.has(key) ? this.number(key, { above: 0 }) : null;
  }

  /** An object, or null when absent or null. */
  optionalObject(key: string): ConfigReader | null {
    if (!this.has(key)) return null;
    const value = this.values[key];
    if (typeof value !== 'object' || Array.isArray(value)) {
      return this.fail(key, 'is not an object');
    }
    return new ConfigReader(this.file, value as Record<string, unknown>, `${this.path}${key}.`);
  }

  /** Throws the error that names this file and key. */
  fail(key: string, problem: string): never {
    throw new ModelFolderError(this.file, `${this.path}${key}: ${problem}.`, {
      details: { key: this.path + key },
    });
  }

  #value(key: string, defaultValue: unknown): unknown {
    if (Object.hasOwn(this.values, key)) return this.values[key];
    if (defaultValue !== undefined) return defaultValue;
    return this.fail(key, 'is missing');
  }
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}
