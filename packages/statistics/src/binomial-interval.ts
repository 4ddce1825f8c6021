import { InvalidArgumentError } from '@namm/core/portable';
import type { Interval } from './interval.js';

/**
 * A share and its exact interval (Clopper and Pearson 1934): it holds the true share with a probability of `level` or
 * more, also where all trials or none succeeded, of which a bootstrap says nothing.
 *
 * @param successes of the trials
 * @param trials from 1 on
 * @param level between 0 and 1
 * @throws {InvalidArgumentError} for numbers that cannot be
 *
 * @example
 * ```ts
 * binomialInterval(100, 100); // 1 (0.964 … 1)
 * ```
 */
export function binomialInterval(successes: number, trials: number, level = 0.95): Interval {
  if (!Number.isSafeInteger(trials) || trials < 1) {
    throw new InvalidArgumentError('trials', `${trials} is not a whole number from 1 on`);
  }
  if (!Number.isSafeInteger(successes) || successes < 0 || successes > trials) {
    throw new InvalidArgumentError('successes', `${successes} is none of 0 to ${trials}`);
  }
  if (!(level > 0 && level < 1)) {
    throw new InvalidArgumentError('level', `${level} is not between 0 and 1`);
  }
  const tail = (1 - level) / 2;
  return {
    estimate: successes / trials,
    lower: lowerBound(successes, trials, tail),
    upper: 1 - lowerBound(trials - successes, trials, tail),
  };
}

/** The share at which so many successes or more have the probability `tail`. */
function lowerBound(successes: number, trials: number, tail: number): number {
  if (successes === 0) return 0;
  let logChoose = 0;
  for (let i = 1; i <= successes; i++) logChoose += Math.log((trials - successes + i) / i);
  const orMore = (share: number) => {
    const odds = share / (1 - share);
    let sum = 1;
    for (let i = successes, term = 1; i < trials; i++) {
      term *= (odds * (trials - i)) / (i + 1);
      sum += term;
    }
    const first =
      logChoose + successes * Math.log(share) + (trials - successes) * Math.log1p(-share);
    return Math.exp(first + Math.log(sum));
  };
  // The bound is at most the estimate, where the terms fall from the first on.
  let [low, high] = [0, successes / trials];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (orMore(middle) < tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
