import { bootstrapInterval, type Interval, median } from '@namm/statistics';

/**
 * Ratio of two medians with its 95 % bootstrap interval. Rounds are drawn whole, so that what slowed
 * both sides of a round does not widen the interval.
 */
export function ratioOfMedians(
  numerators: readonly number[],
  denominators: readonly number[],
): Interval {
  const rounds = numerators.map((_, round) => round);
  return bootstrapInterval(rounds, {
    seed: 1,
    statistic: (drawn) => {
      const of = (values: readonly number[]) => median(drawn.map((round) => values[round]!));
      return of(numerators) / of(denominators);
    },
  });
}

/** `2.18 [2.10, 2.25]`, or just `2.18` when nothing varies, as with one round. */
export function formatInterval({ estimate, lower, upper }: Interval): string {
  if (lower === upper) return estimate.toFixed(2);
  return `${estimate.toFixed(2)} [${lower.toFixed(2)}, ${upper.toFixed(2)}]`;
}
