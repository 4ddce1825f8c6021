import { type BudgetInput, parseBudget } from './budget.js';

/**
 * Which positions a sequence of some length needs: a cache with a limit serves text of any length when they are
 * compact.
 *
 * @param budget the limit; undefined for none. A share of the text grows with it, so it is none here
 * @param tokens of the sequence, its answer included
 * @param maximumPositions that the model can tell apart
 * @throws {InvalidArgumentError} when the budget is none
 *
 * @example
 * ```ts
 * positionsFor(512, 10_000, 2048); // 'compact'
 * ```
 */
export function positionsFor(
  budget: BudgetInput | undefined,
  tokens: number,
  maximumPositions: number,
): 'absolute' | 'compact' {
  const isBounded = budget !== undefined && parseBudget(budget).kind !== 'share';
  // The last token is not read again, so it needs no position.
  return isBounded && tokens - 1 > maximumPositions ? 'compact' : 'absolute';
}
