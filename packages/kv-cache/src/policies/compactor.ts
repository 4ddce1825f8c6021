import { checkInteger, checkNames, checkNumber } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { CompactorState } from '../scoring/compactor-state.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link compactorScorer}. */
export interface CompactorScorerOptions {
  /**
   * Weight of the leverage relative to the attention.
   * @defaultValue 0.35
   */
  readonly blending?: number;
  /**
   * Tokens that attend to each other at a time.
   * @defaultValue 256
   */
  readonly chunk?: number;
  /**
   * Random directions onto which keys are projected before their leverage is taken.
   * @defaultValue 48
   */
  readonly sketch?: number;
  /**
   * Seed of the directions.
   * @defaultValue 0
   */
  readonly seed?: number;
  /**
   * First tokens of the sequence that stay; part of the budget.
   * @defaultValue 8
   */
  readonly sinks?: number;
  /**
   * Newest tokens, which stay and are scored once they are no longer among the newest; part of the budget.
   * @defaultValue 4
   */
  readonly recent?: number;
}

const names = ['blending', 'chunk', 'sketch', 'seed', 'sinks', 'recent'] as const;

/** Options of {@link compactor}. */
export interface CompactorOptions extends CompactorScorerOptions {
  readonly budget: BudgetInput;
}

/**
 * Keeps keys that are unlike the others, and keys that receive attention from tokens nearby (Compactor, Chari and Van
 * Durme 2025, https://arxiv.org/abs/2507.08143): blending · z(leverage) + z(attention). The leverage of a key is
 * computed from the keys without rotation and mean, projected onto random directions: x (XᵀX + 0.01 I)⁻¹ xᵀ. The
 * attention is not causal: tokens of a chunk attend to all of it; its column sums, averaged over the query heads of the
 * group, are multiplied by ‖v_j‖₂ and averaged over three neighbours. z subtracts the mean over all heads of the layer
 * and divides by the standard deviation.
 *
 * Designed for a prompt read in one pass. When it is read in several passes, chunks end where a pass does, and leverage
 * is computed among the rows held. During decode a token attends only to tokens since the last choice, so give
 * `scoredPolicy` an `updateInterval` there. Queries of tokens without a score yet are remembered. Attention has the
 * factor 1/√d, which kvpress (0.5.4) omits, and the padding of a last chunk gets no attention.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches; it needs the probe `queries`
 * @throws {InvalidArgumentError} for a bad option
 * @example
 * ```ts
 * const policy = compactor({ budget: '25%' });
 * ```
 */
export function compactor(options: CompactorOptions): EvictionPolicy {
  const { budget, ...own } = checkNames('compactor', options, ['budget', ...names]);
  return scoredPolicy({ scorer: compactorScorer(own), budget });
}

/**
 * The scorer of {@link compactor}.
 *
 * @param options as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when one is out of range
 */
export function compactorScorer(options: CompactorScorerOptions = {}): RowScorer {
  checkNames('compactorScorer', options, names);
  const { blending = 0.35, chunk = 256, sketch = 48, seed = 0, sinks = 8, recent = 4 } = options;
  const isWeight = (value: number) => value >= 0 && value < Number.POSITIVE_INFINITY;
  checkNumber('blending', blending, isWeight, 'a number from 0 on');
  checkInteger('chunk', chunk, 1);
  checkInteger('sketch', sketch, 1);
  checkInteger('seed', seed, 0);
  checkInteger('sinks', sinks, 0);
  checkInteger('recent', recent, 0);
  const settings = { blending, chunk, sketch, seed, sinks, recent };
  return {
    name: 'compactor',
    settings,
    probe: { kind: 'queries' },
    protectedRows: (slots) => Math.min(recent, slots),
    bytesPerRow: (layer) => CompactorState.bytesPerRow(layer),
    fixedBytes: (shape) => CompactorState.fixedBytes(shape, settings),
    start: (shape) => CompactorState.start(shape, settings),
    restore: (shape, saved) => CompactorState.restore(shape, settings, saved),
  };
}
