import { type Interval, mean, percentileInterval } from '@namm/statistics';
import { type FamilyMeans, overFamilies } from './family-means.js';
import { differenceOf, ratioOf } from './resampled-score.js';

/** Scores of a group of families, compared with the full cache and the oracle. */
export interface ScoreComparison {
  /** Mean over families of the share of right answers. */
  readonly exactMatch: Interval;
  /** That mean divided by the full cache's. Null if the full cache gets nothing right. */
  readonly ratio: Interval | null;
  /** Mean over families of the score over the full cache's; see `leftOut`. Null when all are left out. */
  readonly macro: Interval | null;
  /** Families in which the full cache gets nothing right, which `macro` cannot count. */
  readonly leftOut: readonly string[];
  /**
   * Share of the gap between full cache and oracle that is closed. Null without an oracle, or if the oracle is no
   * better.
   */
  readonly gapClosed: Interval | null;
}

/**
 * Compares scores over the same draws of prompts. A resample in which only the denominator is 0 counts as infinite,
 * one in which the numerator is 0 too is left out; so is one in which the oracle is no better than the full cache.
 */
export function compareScores(
  own: FamilyMeans,
  full: FamilyMeans,
  oracle: FamilyMeans | null,
): ScoreComparison {
  const score = overFamilies(own);
  const base = overFamilies(full);
  const best = oracle && overFamilies(oracle);
  const counted = full.estimate.flatMap((value, family) => (value > 0 ? [family] : []));
  const macro = (ownMeans: (family: number) => number, fullMeans: (family: number) => number) =>
    mean(counted.map((family) => ownMeans(family) / fullMeans(family)));
  const intervalOf = (estimate: number, resampled: (i: number) => number) =>
    percentileInterval(
      estimate,
      Float64Array.from(score.resampled, (_, i) => resampled(i)),
    );
  return {
    exactMatch: percentileInterval(score.estimate, score.resampled),
    ratio: ratioOf(score, base),
    macro:
      counted.length > 0
        ? intervalOf(
            macro(
              (f) => own.estimate[f]!,
              (f) => full.estimate[f]!,
            ),
            (i) =>
              macro(
                (f) => own.resampled[f]![i]!,
                (f) => full.resampled[f]![i]!,
              ),
          )
        : null,
    leftOut: full.families.filter((_, family) => !counted.includes(family)),
    gapClosed:
      best && best.estimate > base.estimate
        ? intervalOf(closed(score.estimate, base.estimate, best.estimate), (i) =>
            closed(score.resampled[i]!, base.resampled[i]!, best.resampled[i]!),
          )
        : null,
  };
}

function closed(own: number, full: number, oracle: number): number {
  return oracle > full ? (own - full) / (oracle - full) : Number.NaN;
}

/** A paired difference of mean scores, and how likely one as large would be by chance. */
export interface ScoreDifference {
  readonly difference: Interval;
  /** Two-sided, from the bootstrap. */
  readonly p: number;
}

/** The first minus the second, over the same draws of prompts. */
export function differScores(first: FamilyMeans, second: FamilyMeans): ScoreDifference {
  const { interval, p } = differenceOf(overFamilies(first), overFamilies(second));
  return { difference: interval, p };
}
