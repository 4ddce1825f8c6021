import { InvalidArgumentError } from './errors.js';

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

/** The upper 32 bits of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/**
 * One block of Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers:
 * as easy as 1, 2, 3" (SC 2011): a bijection of the counter under a key, so any block can be computed
 * anywhere without computing the ones before it.
 *
 * @param counter four unsigned 32-bit integers
 * @param key two unsigned 32-bit integers
 * @returns four unsigned 32-bit integers
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(multiplier0, c0);
    const low0 = Math.imul(multiplier0, c0) >>> 0;
    const high1 = multiplyHigh(multiplier1, c2);
    const low1 = Math.imul(multiplier1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + weyl0) >>> 0;
    k1 = (k1 + weyl1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * A reproducible stream of random numbers. A stream is named by a seed and up to three stream numbers
 * (say generation, candidate, purpose); streams with different names are independent, and the same
 * name gives the same numbers on every machine.
 *
 * @example
 * ```ts
 * const random = new Random(7, 0);
 * const dice = random.integer(6) + 1;
 * ```
 */
export class Random {
  readonly #key: readonly [number, number];
  readonly #stream: readonly [number, number, number];
  #block: readonly number[] = [];
  #used = 4;
  #counter = 0;

  /**
   * @param seed a non-negative safe integer
   * @param stream up to three unsigned 32-bit integers
   * @throws {InvalidArgumentError} when the seed or a stream number is out of range
   */
  constructor(seed: number, ...stream: number[]) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new InvalidArgumentError('seed', `${seed} is not a non-negative safe integer`);
    }
    if (stream.length > 3 || stream.some((part) => part >>> 0 !== part)) {
      throw new InvalidArgumentError('stream', 'takes up to three unsigned 32-bit integers');
    }
    this.#key = [seed >>> 0, Math.floor(seed / 0x1_0000_0000)];
    this.#stream = [stream[0] ?? 0, stream[1] ?? 0, stream[2] ?? 0];
  }

  /** A uniform integer in 0 … 2³² − 1. */
  uint32(): number {
    if (this.#used === 4) {
      this.#block = philox4x32([this.#counter++, ...this.#stream], this.#key);
      this.#used = 0;
    }
    return this.#block[this.#used++]!;
  }

  /** A uniform number in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
  }

  /** A uniform integer in 0 … bound − 1, without modulo bias. */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 0x1_0000_0000) {
      throw new InvalidArgumentError('bound', `${bound} is not an integer from 1 to 2^32`);
    }
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % bound;
  }

  /** A standard normal number (Box–Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)] as T;
  }

  /** A new list with the same elements in random order (Fisher–Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [result[i], result[j]] = [result[j] as T, result[i] as T];
    }
    return result;
  }

  /** `count` different elements in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    if (count > items.length) {
      throw new InvalidArgumentError(
        'count',
        `${count} is more than the ${items.length} items there are`,
      );
    }
    return this.shuffled(items).slice(0, count);
  }
}
