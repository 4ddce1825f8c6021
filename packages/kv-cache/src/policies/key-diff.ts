import { checkNames } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { keyNorms } from '../scoring/row-norms.js';
import { rowScorer } from '../scoring/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link keyDiff}. */
export interface KeyDiffOptions {
  readonly budget: BudgetInput;
}

/**
 * Keeps the keys that differ most from the average key: anchor a = mean_j(k_j / ‖k_j‖), score
 * −cos(a, k_j) (Park et al. 2025, https://arxiv.org/abs/2504.15364). Needs no attention.
 *
 * The anchor is the mean over the rows held now, per head. Rotation is part of the keys here, as in
 * kvpress. A key or an anchor of length zero has cosine 0.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad budget
 * @example
 * ```ts
 * const policy = keyDiff({ budget: 512 });
 * ```
 */
export function keyDiff(options: KeyDiffOptions): EvictionPolicy {
  const { budget } = checkNames('keyDiff', options, ['budget']);
  return scoredPolicy({ scorer: keyDiffScorer(), budget });
}

/**
 * The scorer of {@link keyDiff}.
 *
 * @returns a scorer for {@link scoredPolicy}
 */
export function keyDiffScorer(): RowScorer {
  let scratch = new Float32Array(0);
  return rowScorer({
    name: 'keydiff',
    memory: Float64Array,
    begin: keyNorms,
    score(scores, norms, { view, layer, head }) {
      const size = view.shape.layers[layer]!.headSize;
      const keys = view.keys(layer, head);
      if (scratch.length < keys.length) scratch = new Float32Array(1.25 * keys.length);
      // In a plain array: loops over resizable ones take three times as long.
      scratch.set(keys);
      scoreKeys(scratch, size, norms, scores);
    },
  });
}

/** Scores of the first keys in `keys`, `[scores.length, size]`. */
function scoreKeys(
  keys: Float32Array,
  size: number,
  norms: Float64Array,
  scores: Float64Array,
): void {
  const anchor = new Float64Array(size); // the sum has the direction of the mean
  for (let i = 0; i < scores.length; i++) {
    if (norms[i] === 0) continue;
    const from = i * size;
    const scale = 1 / norms[i]!;
    for (let d = 0; d < size; d++) anchor[d]! += keys[from + d]! * scale;
  }
  const anchorNorm = Math.hypot(...anchor);
  for (let i = 0; i < scores.length; i++) {
    const from = i * size;
    let dot = 0;
    for (let d = 0; d < size; d++) dot += anchor[d]! * keys[from + d]!;
    const product = anchorNorm * norms[i]!;
    scores[i] = product === 0 ? 0 : -dot / product;
  }
}
