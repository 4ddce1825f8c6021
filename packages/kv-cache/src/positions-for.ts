import { type BudgetInput, parseBudget } from './budget.js';

/**
 * The kind of positions that a sequence of some length needs: with compact positions, a cache with a limit can read
 * text of any length.
 *
 * @param budget the limit; undefined for none. A share of the text counts as no limit, because it grows with the text
 * @param tokens of the sequence, including the answer
 * @param maximumPositions that the model supports
 * @throws {InvalidArgumentError} when the budget is invalid
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
