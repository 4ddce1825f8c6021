import { checkInteger, checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { byQuerySums } from '../scoring/by-query-sums.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import { triAttentionRule } from '../scoring/tri-attention-rule.js';

/** Options of {@link triAttentionScorer}. */
export interface TriAttentionScorerOptions {
  /**
   * Number of newest rows that stay; part of the budget.
   * @defaultValue 8
   */
  readonly recent?: number;
  /**
   * Distances to future queries are 1, 2, 4 … tokens, up to this.
   * @defaultValue 65536
   */
  readonly farthest?: number;
}

const names = ['recent', 'farthest'] as const;

/** Options of {@link triAttention}. */
export interface TriAttentionOptions extends TriAttentionScorerOptions {
  readonly budget: BudgetInput;
}

/**
 * Keeps the keys at the distances that a head prefers (TriAttention, Mao et al. 2026,
 * https://arxiv.org/abs/2604.04921). With the mean q̄_f of the f-th pair of a head's queries before their rotation,
 * taken as a complex number, and the mean length E|q_f|, a key of age Δ scores mean over δ ∈ {1, 2, 4 …} of Σ_f |q̄_f|
 * |k_f| cos(ω_f (Δ + δ) + φ_f), plus Σ_f (E|q_f| − |q̄_f|) |k_f|, where φ_f is the angle from k_f to q̄_f. Scores of a
 * query head are normalised over the rows, and the largest in the group counts. Dimensions without rotation count with
 * their mean.
 *
 * The authors calibrate q̄ and E|q| on other text beforehand and exempt the prompt. Here both come from the queries of
 * the sequence so far, and all rows except the newest compete.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches; it needs the probe `queries`
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * const policy = triAttention({ budget: 2048 });
 * ```
 */
export function triAttention(options: TriAttentionOptions): EvictionPolicy {
  const { budget, ...own } = checkNames('triAttention', options, ['budget', ...names]);
  return scoredPolicy({ scorer: triAttentionScorer(own), budget });
}

/**
 * The scorer of {@link triAttention}.
 *
 * @param options as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when one is out of range
 */
export function triAttentionScorer(options: TriAttentionScorerOptions = {}): RowScorer {
  checkNames('triAttentionScorer', options, names);
  const { recent = 8, farthest = 65_536 } = options;
  checkInteger('recent', recent, 0);
  checkInteger('farthest', farthest, 1);
  const settings = { recent, farthest };
  return {
    settings,
    protectedRows: (slots) => Math.min(recent, slots),
    ...byQuerySums(triAttentionRule(settings)),
  };
}
