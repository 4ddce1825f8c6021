import { checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { SavedStateReader } from '../saved-state-reader.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import { TovaState } from '../scoring/tova-state.js';

/** Options of {@link tova}. */
export interface TovaOptions {
  readonly budget: BudgetInput;
  /**
   * Whether the newest token always stays, as in kvpress. The original may evict it.
   * @defaultValue true
   */
  readonly protectLast?: boolean;
}

/**
 * Token omission via attention (TOVA, Oren et al. 2024, https://arxiv.org/abs/2401.06104): keeps the tokens to which
 * the newest query attends most, s[j] = mean of A[last query, g, j] over **all** query heads g of the layer. All heads
 * of a layer keep the same tokens.
 *
 * Heads whose rows differ (after an eviction by hand) are aligned by position: a head that no longer
 * holds a token gives it no attention, and each head keeps the best of the tokens that it holds.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad budget
 * @example
 * ```ts
 * const policy = tova({ budget: 512 });
 * ```
 */
export function tova(options: TovaOptions): EvictionPolicy {
  const { budget, protectLast } = checkNames('tova', options, ['budget', 'protectLast']);
  return scoredPolicy({ scorer: tovaScorer(protectLast), budget });
}

/**
 * The scorer of {@link tova}.
 *
 * @param protectLast as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when it is out of range
 */
export function tovaScorer(protectLast = true): RowScorer {
  return {
    name: 'tova',
    settings: { protectLast },
    probe: { kind: 'lastQueries', count: 1 },
    protectedRows: () => (protectLast ? 1 : 0),
    bytesPerRow: () => 0, // the last attention is forgotten when the pass is over
    start: (shape) => TovaState.start(shape),
    restore(shape, saved) {
      new SavedStateReader(saved).end();
      return TovaState.start(shape);
    },
  };
}
