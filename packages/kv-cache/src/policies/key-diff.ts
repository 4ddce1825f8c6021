import type { BudgetInput } from '../budget.js';
import type { CacheView, EvictionPolicy } from '../eviction-policy.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import type { Scorer } from '../scoring/scorer.js';
import { statelessScorer } from '../scoring/stateless-scorer.js';

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
 * @throws {InvalidArgumentError} for a bad budget
 * @example
 * ```ts
 * const policy = keyDiff({ budget: 512 });
 * ```
 */
export function keyDiff({ budget }: KeyDiffOptions): EvictionPolicy {
  return scoredPolicy({ scorer: keyDiffScorer(), budget });
}

/** The scorer of {@link keyDiff}. */
export function keyDiffScorer(): Scorer {
  return statelessScorer('keydiff', {}, scoreHead);
}

function scoreHead(
  view: CacheView,
  layer: number,
  head: number,
  _: number,
  scores: Float64Array,
): void {
  const size = view.shape.layers[layer]!.headSize;
  const keys = view.keys(layer, head);
  const anchor = new Float64Array(size); // the sum has the direction of the mean
  for (let i = 0; i < scores.length; i++) {
    const from = i * size;
    let squares = 0;
    for (let d = 0; d < size; d++) squares += keys[from + d]! * keys[from + d]!;
    scores[i] = Math.sqrt(squares); // the norm for now
    if (squares > 0) for (let d = 0; d < size; d++) anchor[d]! += keys[from + d]! / scores[i]!;
  }
  const anchorNorm = Math.hypot(...anchor);
  for (let i = 0; i < scores.length; i++) {
    const from = i * size;
    let dot = 0;
    for (let d = 0; d < size; d++) dot += anchor[d]! * keys[from + d]!;
    const norms = anchorNorm * scores[i]!;
    scores[i] = norms === 0 ? 0 : -dot / norms;
  }
}
