import { checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { PyramidBudgetsOptions } from '../scoring/pyramid-budgets.js';
import { pyramidLayers } from '../scoring/pyramid-layers.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import { type SnapKVScorerOptions, snapKVNames, snapKVScorer } from './snap-kv.js';

/** Options of {@link pyramidKV}. */
export interface PyramidKVOptions
  extends SnapKVScorerOptions,
    Pick<PyramidBudgetsOptions, 'beta' | 'rule'> {
  /** Slots per head, on average over the layers. */
  readonly budget: BudgetInput;
}

/**
 * SnapKV with a budget that falls from the first layer to the last (PyramidKV, Cai et al. 2024,
 * https://arxiv.org/abs/2406.02069). {@link pyramidBudgets} computes the budgets, {@link snapKV} chooses the rows.
 *
 * The originals decide once, after prefill; here after every pass, with the tokens seen so far. The budget is the mean
 * over the layers and always holds: where the rule of KVCache-Factory would exceed it by rounding, a slightly smaller
 * pyramid is used.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad option; at the start of a cache also for a budget in bytes
 *   when the layers have different sizes
 * @example
 * ```ts
 * const policy = pyramidKV({ budget: '25%', beta: 20 });
 * ```
 */
export function pyramidKV(options: PyramidKVOptions): EvictionPolicy {
  const names = ['budget', 'beta', 'rule', ...snapKVNames] as const;
  const { budget, beta, rule, ...snapKV } = checkNames('pyramidKV', options, names);
  const { window = 32 } = snapKV;
  const shape = { ...(beta !== undefined && { beta }), ...(rule !== undefined && { rule }) };
  return scoredPolicy({
    name: 'pyramidkv',
    scorer: snapKVScorer(snapKV),
    budget,
    layers: pyramidLayers({ window, ...shape }),
  });
}
