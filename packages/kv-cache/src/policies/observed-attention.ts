import { checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { addAttention } from '../scoring/add-attention.js';
import { rowScorer } from '../scoring/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link observedAttention}. */
export interface ObservedAttentionOptions {
  readonly budget: BudgetInput;
}

/**
 * Keeps the rows with the highest mean attention per query since they were appended:
 * Σ_q A[q, j] / (seen − position_j) (ObservedAttention in kvpress, its stand-in for H2O without the bias
 * for old tokens). No recent window.
 *
 * kvpress does this once, after prefill; here it continues during decode.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad budget
 * @example
 * ```ts
 * const policy = observedAttention({ budget: 512 });
 * ```
 */
export function observedAttention(options: ObservedAttentionOptions): EvictionPolicy {
  const { budget } = checkNames('observedAttention', options, ['budget']);
  return scoredPolicy({ scorer: observedAttentionScorer(), budget });
}

/**
 * The scorer of {@link observedAttention}.
 *
 * @returns a scorer for {@link scoredPolicy}
 */
export function observedAttentionScorer(): RowScorer {
  return rowScorer({
    name: 'observed-attention',
    memory: Float64Array,
    observe: addAttention,
    score(scores, sums, { view, layer, head }) {
      const tokens = view.tokens(layer, head);
      for (let i = 0; i < scores.length; i++) scores[i] = sums[i]! / (view.seen - tokens[i]!);
    },
  });
}
