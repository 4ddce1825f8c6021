import { checkInteger, checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { rowScorer } from '../scoring/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link sinkRecent}. */
export interface SinkRecentOptions {
  readonly budget: BudgetInput;
  /**
   * Number of first tokens that stay; part of the budget.
   * @defaultValue 4
   */
  readonly sinks?: number;
}

/**
 * Attention sinks and recent tokens: with C slots it keeps the positions below S and the newest C − S (StreamingLLM,
 * Xiao et al. 2023, https://arxiv.org/abs/2309.17453; its window W is C − S).
 *
 * Unlike the original, keys keep the rotation of their absolute position (as in kvpress). Sinks are
 * positions, not slots: once a sliding window has dropped them, later rows do not take their place. With
 * C ≤ S the sinks shrink to C − 1, so that the newest token always stays. `sinks: 0` is plain recency,
 * which is known to collapse and should never be the only baseline.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad budget or number of sinks
 * @example
 * ```ts
 * const policy = sinkRecent({ budget: 512 });
 * ```
 */
export function sinkRecent(options: SinkRecentOptions): EvictionPolicy {
  const { budget, sinks } = checkNames('sinkRecent', options, ['budget', 'sinks']);
  return scoredPolicy({ scorer: sinkRecentScorer(sinks), budget });
}

/**
 * The scorer of {@link sinkRecent}: infinite for sinks, else the token's number.
 *
 * @param sinks as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when it is out of range
 */
export function sinkRecentScorer(sinks = 4): RowScorer {
  checkInteger('sinks', sinks, 0);
  return rowScorer({
    name: 'sink-recent',
    settings: { sinks },
    score(scores, _, { view, layer, head, slots }) {
      const tokens = view.tokens(layer, head);
      const sinksHeld = Math.min(sinks, slots - 1);
      for (let i = 0; i < scores.length; i++) {
        scores[i] = tokens[i]! < sinksHeld ? Infinity : tokens[i]!;
      }
    },
  });
}
