import { checkNames, InvalidArgumentError } from '@namm/core/portable';
import type { BootstrapOptions, Interval } from './interval.js';
import { mean } from './mean.js';
import { resampledInterval, strata } from './resampling.js';

/** Percentile interval of a statistic of `count` cases, given by the indices of the cases drawn. */
function percentileInterval(
  count: number,
  statisticOf: (drawn: Uint32Array) => number,
  options: BootstrapOptions,
): Interval {
  if (count === 0) throw new InvalidArgumentError('values', 'is empty');
  return resampledInterval(strata([count]), ([drawn]) => statisticOf(drawn!), options);
}

/**
 * Percentile bootstrap interval of a statistic of independent values.
 *
 * @param options besides those of every bootstrap, the statistic (the mean unless given)
 * @throws {InvalidArgumentError} for an empty list or options out of range
 *
 * @example
 * ```ts
 * const { estimate, lower, upper } = bootstrapInterval([0, 1, 1, 1], { seed: 1 });
 * ```
 */
export function bootstrapInterval(
  values: ArrayLike<number>,
  options: BootstrapOptions & { readonly statistic?: (values: Float64Array) => number },
): Interval {
  const { statistic = mean, ...others } = options;
  checkNames('bootstrapInterval', options, ['seed', 'resamples', 'level', 'statistic']);
  const chosen = new Float64Array(values.length);
  const statisticOf = (drawn: Uint32Array) => {
    for (let i = 0; i < drawn.length; i++) chosen[i] = values[drawn[i]!]!;
    return statistic(chosen);
  };
  return percentileInterval(values.length, statisticOf, others);
}

/**
 * Percentile bootstrap interval of a ratio of means over paired values: pairs are drawn together, so
 * what makes a case hard for both does not widen the interval. A resample in which only the denominator
 * is zero counts as infinite; one in which both are zero says nothing and is left out.
 *
 * @throws {InvalidArgumentError} for empty lists, lists of different lengths, or options out of range
 *
 * @example
 * ```ts
 * // Does the pruned cache keep the full cache's score?
 * bootstrapRatioInterval(prunedScores, fullScores, { seed: 1 }).lower > 0.98;
 * ```
 */
export function bootstrapRatioInterval(
  numerators: ArrayLike<number>,
  denominators: ArrayLike<number>,
  options: BootstrapOptions,
): Interval {
  if (numerators.length !== denominators.length) {
    const lengths = `${numerators.length} and ${denominators.length}`;
    throw new InvalidArgumentError('denominators', `pairs need equal lengths, not ${lengths}`);
  }
  const statisticOf = (drawn: Uint32Array) => {
    let numerator = 0;
    let denominator = 0;
    for (let i = 0; i < drawn.length; i++) {
      numerator += numerators[drawn[i]!]!;
      denominator += denominators[drawn[i]!]!;
    }
    return numerator / denominator;
  };
  return percentileInterval(numerators.length, statisticOf, options);
}
