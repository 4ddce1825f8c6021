import { bootstrapPValue, type Interval, percentileInterval } from '@namm/statistics';

/** A score, and what it is on each draw of a bootstrap; the same draws in all that are compared. */
export interface ResampledScore {
  readonly estimate: number;
  readonly resampled: Float64Array;
}

/** The first over the second, draw by draw; null over a score of 0. */
export function ratioOf(own: ResampledScore, base: ResampledScore): Interval | null {
  if (!(base.estimate > 0)) return null;
  const ratios = own.resampled.map((value, draw) => value / base.resampled[draw]!);
  return percentileInterval(own.estimate / base.estimate, ratios);
}

/** The first minus the second, draw by draw, and how likely one as large would be by chance: two-sided. */
export function differenceOf(
  first: ResampledScore,
  second: ResampledScore,
): { readonly interval: Interval; readonly p: number } {
  const differences = first.resampled.map((value, draw) => value - second.resampled[draw]!);
  const interval = percentileInterval(first.estimate - second.estimate, differences);
  return { interval, p: bootstrapPValue(differences) };
}
