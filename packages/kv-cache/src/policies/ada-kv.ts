import { checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { type AdaptiveHeadsOptions, adaptiveHeads } from '../scoring/adaptive-heads.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import { snapKVScorer } from './snap-kv.js';

/** Options of {@link adaKV}. */
export interface AdaKVOptions extends AdaptiveHeadsOptions {
  readonly budget: BudgetInput;
  /** @defaultValue `snapKVScorer()` */
  readonly scorer?: RowScorer;
}

/**
 * Lets the heads of a layer compete for its slots (Ada-KV, Feng et al. 2024, https://arxiv.org/abs/2407.11550). With H
 * heads and a budget of C slots per head the layer keeps H · C rows, and heads whose rows score higher keep more; a
 * safeguard guarantees each head a minimum. The cache is ragged, so heads that keep less really take less memory.
 *
 * The safeguard is a share of what is *kept*, as in the code of kvpress (its documentation differs). The rule
 * `'kvpress'` gives the same result when applied again, pass after pass. The rule `'original'` is designed to decide
 * once: each time it is applied to its own choice it moves the heads closer to equal shares, so it suits a prefill in
 * one pass. Here its rounding cannot exceed the budget: the heads that rounding raised most give rows back.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * const policy = adaKV({ budget: 512, scorer: l2NormScorer() });
 * ```
 */
export function adaKV(options: AdaKVOptions): EvictionPolicy {
  const names = ['budget', 'scorer', 'safeguard', 'rule'] as const;
  const { budget, scorer = snapKVScorer(), ...headOptions } = checkNames('adaKV', options, names);
  return scoredPolicy({
    name: `ada-${scorer.name}`,
    scorer,
    budget,
    heads: adaptiveHeads(headOptions),
  });
}
