import { checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { rowScorer } from '../scoring/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link everyKth}. */
export interface EveryKthOptions {
  readonly budget: BudgetInput;
}

/**
 * Keeps tokens at equal distances, regardless of content: the baseline for every policy that claims to choose. The
 * distance k grows with the sequence. A token ranks by the largest power of two that divides its number, so that a kept
 * token was never due for eviction earlier; within the last power of two that fits, the golden ratio spreads the
 * choice.
 *
 * @param options the budget
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad budget
 * @example
 * ```ts
 * const policy = everyKth({ budget: '25%' });
 * ```
 */
export function everyKth(options: EveryKthOptions): EvictionPolicy {
  const { budget } = checkNames('everyKth', options, ['budget']);
  return scoredPolicy({ scorer: everyKthScorer(), budget });
}

const goldenRatio = (Math.sqrt(5) - 1) / 2;

/**
 * The scorer of {@link everyKth}.
 *
 * @returns a scorer for {@link scoredPolicy}
 */
export function everyKthScorer(): RowScorer {
  return rowScorer({
    name: 'every-kth',
    score(scores, _, { view, layer, head }) {
      const tokens = view.tokens(layer, head);
      for (let i = 0; i < scores.length; i++) scores[i] = worth(tokens[i]!);
    },
  });
}

/** How often 2 divides a token's number; the fractional part spreads tokens with equal counts. */
function worth(token: number): number {
  if (token === 0) return Infinity;
  const power = 31 - Math.clz32(token & -token);
  const odd = token >>> power;
  return power + 1 - ((odd * goldenRatio) % 1);
}
