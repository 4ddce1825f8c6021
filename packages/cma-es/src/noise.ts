import { checkNames, checkNumber, Random } from '@namm/core/portable';

/** Noise handling, by evaluating some candidates twice. */
export interface NoiseOptions {
  /** Share of a generation that is evaluated twice, at least two candidates. @defaultValue 0.1 */
  readonly share?: number;
  /**
   * Upper limit of a generation's `effort`, the number of evaluations that the caller averages. Once it is reached,
   * sigma grows instead. @defaultValue 1
   */
  readonly maximumEffort?: number;
}

/** @throws {InvalidArgumentError} for options that are none, or out of range */
export function resolveNoise(given: NoiseOptions | null): NoiseOptions | null {
  if (given === null) return null;
  checkNames('noise', given, ['share', 'maximumEffort']);
  const { share = 0.1, maximumEffort = 1 } = given;
  const isShare = (value: number) => value > 0 && value <= 1;
  checkNumber('noise.share', share, isShare, 'above 0 and at most 1');
  const isEffort = (value: number) => value >= 1 && value < Number.POSITIVE_INFINITY;
  checkNumber('noise.maximumEffort', maximumEffort, isEffort, 'a finite number of 1 or more');
  return given;
}

/** Small rank changes that noise is forgiven, as a share of all possible ones (θ). */
const tolerated = 0.2;

/**
 * The (θ / 2)-quantile of the rank changes that chance would make of a rank: Δ^lim(R, θ) of the paper, a
 * percentile of |1 − R|, |2 − R| …, |2λ − 1 − R|.
 */
function limit(rank: number, populationSize: number): number {
  const changes = Array.from({ length: 2 * populationSize - 1 }, (_, i) => Math.abs(i + 1 - rank));
  changes.sort((a, b) => a - b);
  const position = (tolerated / 2) * (changes.length - 1);
  const low = changes[Math.floor(position)]!;
  const high = changes[Math.ceil(position)]!;
  return low + (high - low) * (position - Math.floor(position));
}

/** Ranks from 1 on; equal values share the mean rank. */
function ranksOf(values: readonly number[]): number[] {
  return values.map((value) => {
    const smaller = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return smaller + (equal + 1) / 2;
  });
}

/**
 * The uncertainty measure of UH-CMA-ES (Hansen, Niederberger, Guzzella and Koumoutsakos 2009, section IV-C):
 * how far a second evaluation moves candidates in the ranking, beyond what is tolerated. Above 0 means that
 * noise rules the selection.
 *
 * @param first cost of every candidate
 * @param second cost of those evaluated again
 */
export function rankUncertainty(
  first: ArrayLike<number>,
  second: ReadonlyMap<number, number>,
): number {
  const count = first.length;
  // Second values of the others are their first ones, as in the paper: both lists are ranked together.
  const old = Array.from(first);
  const renewed = old.map((value, index) => second.get(index) ?? value);
  const ranks = ranksOf([...old, ...renewed]);
  let sum = 0;
  for (const index of second.keys()) {
    const before = ranks[index]!;
    const after = ranks[count + index]!;
    const change = Math.max(0, Math.abs(after - before) - 1);
    const above = after > before ? 1 : 0;
    const below = before > after ? 1 : 0;
    sum += 2 * change - limit(after - above, count) - limit(before - below, count);
  }
  return sum / Math.max(1, second.size);
}

/** Decides which candidates are evaluated twice, and what follows from it. */
export class NoiseHandler {
  /** How many evaluations the caller should average for a candidate; a real number from 1 on. */
  effort = 1;
  readonly #count: number;
  readonly #maximum: number;
  readonly #sigmaFactor: number;

  constructor({ share = 0.1, maximumEffort = 1 }: NoiseOptions, populationSize: number, n: number) {
    this.#count = Math.min(populationSize, Math.max(2, Math.round(share * populationSize)));
    this.#maximum = maximumEffort;
    this.#sigmaFactor = 1 + 2 / (n + 10);
  }

  /** Indices that are evaluated twice in a generation, ascending. */
  chosen(populationSize: number, seed: number, generation: number, restart: number): number[] {
    const random = new Random(seed, generation, 0xffff_ffff, restart); // no candidate has that index
    const all = Array.from({ length: populationSize }, (_, index) => index);
    return random.sample(all, this.#count).sort((a, b) => a - b);
  }

  /** Takes in the costs of a generation; @returns what sigma is multiplied by. */
  treat(first: ArrayLike<number>, second: ReadonlyMap<number, number>): number {
    if (rankUncertainty(first, second) <= 0) {
      this.effort = Math.max(1, this.effort / 1.5);
      return 1;
    }
    const atMost = this.effort >= this.#maximum;
    this.effort = Math.min(this.#maximum, this.effort * 1.5);
    return atMost ? this.#sigmaFactor : 1;
  }
}
