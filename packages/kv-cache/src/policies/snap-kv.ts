import { checkChoice, checkInteger, checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import { SnapKVState } from '../scoring/snap-kv-state.js';

/** Options of {@link snapKVScorer}. */
export interface SnapKVScorerOptions {
  /**
   * Newest queries whose attention counts; their own rows always stay and are part of the budget.
   * @defaultValue 32
   */
  readonly window?: number;
  /**
   * Odd width of the pooling over neighbouring rows; 1 switches it off.
   * @defaultValue 5
   */
  readonly kernel?: number;
  /** @defaultValue 'average' */
  readonly pooling?: 'average' | 'max';
}

/** The names of {@link SnapKVScorerOptions}. */
export const snapKVNames = ['window', 'kernel', 'pooling'] as const;

/** Options of {@link snapKV}. */
export interface SnapKVOptions extends SnapKVScorerOptions {
  readonly budget: BudgetInput;
}

/**
 * Keeps what the newest queries attend to (SnapKV, Li et al. 2024, https://arxiv.org/abs/2404.14469). With C slots and
 * an observation window of w queries, a[g, j] = Σ_q A[q, g, j] over the last w queries for the rows j before the last
 * w; a is pooled along j with the kernel (at the ends, zeros count in the average and nothing counts in the maximum)
 * and averaged over the query heads g of the group; the C − w best rows and the last w stay. With C ≤ w only the newest
 * C rows stay.
 *
 * The original prunes once, after prefill, and caches per query head. Here the decision is per KV head (as in kvpress)
 * and is made again after every pass: the attention of the last w queries is stored, so that decode works in the same
 * way. Neighbours are neighbours in the cache. Attention to rows evicted since then is not redistributed. The stored
 * attention takes w × 4 bytes per row, and w × query heads of the group × 4 with maximum pooling.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * const policy = snapKV({ budget: 1024, window: 32, kernel: 7, pooling: 'max' }); // LongBench settings
 * ```
 */
export function snapKV(options: SnapKVOptions): EvictionPolicy {
  const names = ['budget', ...snapKVNames] as const;
  const { budget, ...scorerOptions } = checkNames('snapKV', options, names);
  return scoredPolicy({ scorer: snapKVScorer(scorerOptions), budget });
}

/**
 * The scorer of {@link snapKV}.
 *
 * @param options as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when it is out of range
 */
export function snapKVScorer(options: SnapKVScorerOptions = {}): RowScorer {
  checkNames('snapKVScorer', options, snapKVNames);
  const { window = 32, kernel = 5, pooling = 'average' } = options;
  checkInteger('window', window, 1);
  checkInteger('kernel (an odd number)', kernel % 2 === 1 ? kernel : Number.NaN, 1);
  checkChoice('pooling', pooling, ['average', 'max']);
  const settings = { window, kernel, pooling };
  return {
    name: 'snapkv',
    settings,
    probe: { kind: 'lastQueries', count: window },
    protectedRows: (slots) => Math.min(window, slots),
    bytesPerRow: (layer) => SnapKVState.width(layer, settings) * Float32Array.BYTES_PER_ELEMENT,
    start: (shape) => SnapKVState.start(shape, settings),
    restore: (shape, saved) => SnapKVState.restore(shape, settings, saved),
  };
}
