import { checkChoice, checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { keyNorms } from '../scoring/row-norms.js';
import { rowScorer } from '../scoring/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link l2Norm}. */
export interface L2NormOptions {
  readonly budget: BudgetInput;
  /**
   * Which keys stay: those with the lowest norm, as published, or the highest.
   * @defaultValue 'lowest'
   */
  readonly keep?: 'lowest' | 'highest';
}

/**
 * Keeps the keys with the smallest norm, score −‖k_j‖₂ (Devoto et al. 2024,
 * https://arxiv.org/abs/2406.11430; "Knorm" in kvpress). Rotation does not change a norm.
 *
 * No layers are skipped and no recent window is protected, as in kvpress; the original skips the first two layers in
 * its documentation but not in its code.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * const policy = l2Norm({ budget: '50%' });
 * ```
 */
export function l2Norm(options: L2NormOptions): EvictionPolicy {
  const { budget, keep } = checkNames('l2Norm', options, ['budget', 'keep']);
  return scoredPolicy({ scorer: l2NormScorer(keep), budget });
}

/**
 * The scorer of {@link l2Norm}.
 *
 * @param keep as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when it is out of range
 */
export function l2NormScorer(keep: 'lowest' | 'highest' = 'lowest'): RowScorer {
  checkChoice('keep', keep, ['lowest', 'highest']);
  const sign = keep === 'lowest' ? -1 : 1;
  return rowScorer({
    name: keep === 'lowest' ? 'l2' : 'l2-highest',
    memory: Float64Array,
    begin: keyNorms,
    score(scores, norms) {
      for (let i = 0; i < scores.length; i++) scores[i] = sign * norms[i]!;
    },
  });
}
