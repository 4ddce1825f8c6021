import { checkInteger, checkNames, checkNumber } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { byQuerySums } from '../scoring/by-query-sums.js';
import { expectedAttentionRule } from '../scoring/expected-attention-rule.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link expectedAttentionScorer}. */
export interface ExpectedAttentionScorerOptions {
  /**
   * Number of future query positions over which the rotation is averaged.
   * @defaultValue 512
   */
  readonly future?: number;
  /**
   * Number of first tokens of the sequence that stay; their queries do not count.
   * @defaultValue 4
   */
  readonly sinks?: number;
  /**
   * Added to the expected attention before multiplying by the norm of the value.
   * @defaultValue 0
   */
  readonly epsilon?: number;
}

const names = ['future', 'sinks', 'epsilon'] as const;

/** Options of {@link expectedAttention}. */
export interface ExpectedAttentionOptions extends ExpectedAttentionScorerOptions {
  readonly budget: BudgetInput;
}

/**
 * Keeps what future queries are expected to attend to (Expected Attention, Devoto et al. 2025,
 * https://arxiv.org/abs/2510.00636). With the mean μ and covariance Σ of a head's queries so far, before their
 * rotation, and R̄ the rotation averaged over the next positions, z_j = (R̄μ)·k_j + ½ k_jᵀ R̄ΣR̄ᵀ k_j, where queries
 * include the factor 1/√d. The score is the softmax over the rows, averaged over the query heads of the group, times
 * ‖v_j‖₂.
 *
 * The statistics cover all queries so far, so they do not depend on how the text is cut into passes. The choice is made
 * again after every pass, over the rows that are held. Each choice costs headSize² products per row and query head, so
 * give `scoredPolicy` an `updateInterval` for long answers. The state takes (headSize² + headSize) · 8 bytes per query
 * head.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches; it needs the probe `queries`
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * const policy = expectedAttention({ budget: '25%' });
 * const decoder = await Decoder.load(folder, { probe: policy.probe });
 * ```
 */
export function expectedAttention(options: ExpectedAttentionOptions): EvictionPolicy {
  const { budget, ...own } = checkNames('expectedAttention', options, ['budget', ...names]);
  return scoredPolicy({ scorer: expectedAttentionScorer(own), budget });
}

/**
 * The scorer of {@link expectedAttention}.
 *
 * @param options as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when one is out of range
 */
export function expectedAttentionScorer(options: ExpectedAttentionScorerOptions = {}): RowScorer {
  checkNames('expectedAttentionScorer', options, names);
  const { future = 512, sinks = 4, epsilon = 0 } = options;
  checkInteger('future', future, 1);
  checkInteger('sinks', sinks, 0);
  const isSmall = (value: number) => value >= 0 && value < Number.POSITIVE_INFINITY;
  checkNumber('epsilon', epsilon, isSmall, 'a number from 0 on');
  const settings = { future, sinks, epsilon };
  return { settings, protectedRows: () => 0, ...byQuerySums(expectedAttentionRule(settings)) };
}
