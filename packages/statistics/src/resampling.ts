import { checkNames, InvalidArgumentError, Random } from '@namm/core/portable';
import type { BootstrapOptions, Interval } from './interval.js';
import { quantile } from './quantile.js';

/** How cases are drawn again, when they are more than one list: in strata, or in groups. */
export interface Resampling<Drawn> {
  /** Every case once. */
  readonly whole: Drawn;
  /** As many cases, drawn with replacement; valid until the next draw. */
  draw(random: Random): Drawn;
}

/** Per stratum, the indices of the cases drawn. */
export type DrawnStrata = readonly Uint32Array[];

/** A group that was drawn, and the indices of the members drawn in it. */
export interface DrawnGroup {
  readonly group: number;
  readonly members: Uint32Array;
}

/**
 * Draws within strata: each keeps its number of cases, so that a mean over strata is a mean over all of them.
 *
 * @param sizes cases per stratum
 * @throws {InvalidArgumentError} when there is no stratum, or an empty one
 * @example
 * ```ts
 * const scores = [[1, 0, 1], [0.5, 1]]; // of the prompts of two families
 * const statistic = (drawn: DrawnStrata) =>
 *   mean(drawn.map((indices, family) => mean([...indices].map((i) => scores[family]![i]!))));
 * resampledInterval(strata([3, 2]), statistic, { seed: 1 });
 * ```
 */
export function strata(sizes: readonly number[]): Resampling<DrawnStrata> {
  checkSizes(sizes);
  const identity = (size: number) => Uint32Array.from({ length: size }, (_, i) => i);
  const drawn = sizes.map(identity);
  return {
    whole: sizes.map(identity),
    draw(random) {
      for (const indices of drawn) drawInto(indices, indices.length, random);
      return drawn;
    },
  };
}

/**
 * Draws groups, and then members of each drawn group: cases within a group are alike (evolutions on the same
 * model), and what groups differ in belongs to the uncertainty.
 *
 * @param sizes members per group
 * @throws {InvalidArgumentError} when there is no group, or an empty one
 */
export function nested(sizes: readonly number[]): Resampling<readonly DrawnGroup[]> {
  checkSizes(sizes);
  return {
    whole: sizes.map((size, group) => ({
      group,
      members: Uint32Array.from({ length: size }, (_, i) => i),
    })),
    draw: (random) =>
      sizes.map(() => {
        const group = random.integer(sizes.length);
        const members = new Uint32Array(sizes[group]!);
        drawInto(members, members.length, random);
        return { group, members };
      }),
  };
}

/**
 * Percentile bootstrap interval of a statistic. Resamples in which it is NaN say nothing and are left out.
 *
 * @throws {InvalidArgumentError} for options out of range
 */
export function resampledInterval<Drawn>(
  resampling: Resampling<Drawn>,
  statistic: (drawn: Drawn) => number,
  options: BootstrapOptions,
): Interval {
  checkNames('the bootstrap', options, ['seed', 'resamples', 'level']);
  const estimate = statistic(resampling.whole);
  const statistics = resampledStatistics(resampling, statistic, options);
  return percentileInterval(estimate, statistics, options.level);
}

/**
 * The interval between the percentiles of a statistic's resamples, for those who compute several statistics from the
 * same draws; NaN among them says nothing and is left out.
 *
 * @param level share of the resamples inside the interval. @defaultValue 0.95
 * @throws {InvalidArgumentError} when the level is not between 0 and 1
 */
export function percentileInterval(
  estimate: number,
  statistics: ArrayLike<number>,
  level = 0.95,
): Interval {
  checkBootstrap(1, level);
  const sorted = Float64Array.from(statistics)
    .filter((value) => !Number.isNaN(value))
    .sort();
  if (sorted.length === 0) return { estimate, lower: Number.NaN, upper: Number.NaN };
  const tail = (1 - level) / 2;
  return { estimate, lower: quantile(sorted, tail), upper: quantile(sorted, 1 - tail) };
}

/**
 * Two-sided bootstrap p-value for a statistic being 0, such as a difference over paired cases: twice the share
 * of resamples on the other side of 0, one more counted above and below, so that it is never 0 (Davison and Hinkley
 * 1997, Bootstrap Methods and their Application, section 4.2: (1 + count) / (1 + resamples)). NaN is left out; without
 * any number it is 1.
 *
 * @param statistics of the resamples
 */
export function bootstrapPValue(statistics: ArrayLike<number>): number {
  let [atMost, atLeast, count] = [0, 0, 0];
  for (let i = 0; i < statistics.length; i++) {
    const value = statistics[i]!;
    if (Number.isNaN(value)) continue;
    count++;
    if (value <= 0) atMost++;
    if (value >= 0) atLeast++;
  }
  return Math.min(1, (2 * (1 + Math.min(atMost, atLeast))) / (1 + count));
}

function resampledStatistics<Drawn>(
  { draw }: Resampling<Drawn>,
  statistic: (drawn: Drawn) => number,
  { seed, resamples = 2000, level = 0.95 }: BootstrapOptions,
): number[] {
  checkBootstrap(resamples, level);
  const random = new Random(seed);
  return Array.from({ length: resamples }, () => statistic(draw(random)));
}

function drawInto(indices: Uint32Array, size: number, random: Random): void {
  for (let i = 0; i < indices.length; i++) indices[i] = random.integer(size);
}

function checkSizes(sizes: readonly number[]): void {
  const wrong = sizes.find((size) => !Number.isSafeInteger(size) || size < 1);
  if (sizes.length > 0 && wrong === undefined) return;
  throw new InvalidArgumentError(
    'sizes',
    `[${sizes.join(', ')}] names no cases, or a list of none`,
  );
}

/** @throws {InvalidArgumentError} for options out of range */
function checkBootstrap(resamples: number, level: number): void {
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new InvalidArgumentError('resamples', `${resamples} is not a positive integer`);
  }
  if (!(level > 0 && level < 1)) {
    throw new InvalidArgumentError('level', `${level} is not between 0 and 1`);
  }
}
