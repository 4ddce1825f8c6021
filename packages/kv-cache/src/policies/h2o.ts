import { checkNames, checkShare } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { addAttention } from '../scoring/add-attention.js';
import { rowScorer } from '../scoring/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link h2o}. */
export interface H2OOptions {
  readonly budget: BudgetInput;
  /**
   * Share of the slots for the newest rows; the others are for the heavy hitters.
   * @defaultValue 0.5
   */
  readonly recentShare?: number;
}

/**
 * Heavy hitters and recent tokens (H2O, Zhang et al. 2023, https://arxiv.org/abs/2306.14048): with C slots it keeps the
 * newest R = round(recentShare · C) rows and, of the others, the C − R that received the most attention: s[j] = Σ_q
 * A[q, j] over every query of prefill **and** decode, a raw sum.
 *
 * The original scores every query head and caches per query head; here the query heads of a group are
 * averaged and the decision is per KV head. Raw sums favour old tokens: see {@link observedAttention}.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * const policy = h2o({ budget: '20%' });
 * ```
 */
export function h2o(options: H2OOptions): EvictionPolicy {
  const { budget, recentShare } = checkNames('h2o', options, ['budget', 'recentShare']);
  return scoredPolicy({ scorer: h2oScorer(recentShare), budget });
}

/**
 * The scorer of {@link h2o}.
 *
 * @param recentShare as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when it is out of range
 */
export function h2oScorer(recentShare = 0.5): RowScorer {
  checkShare('recentShare', recentShare);
  return rowScorer({
    name: 'h2o',
    settings: { recentShare },
    protectedRows: (slots) => Math.round(recentShare * slots),
    memory: Float64Array,
    observe: addAttention,
    score: (scores, sums) => scores.set(sums.subarray(0, scores.length)),
  });
}
