import { checkInteger, checkNames, Random } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { rowScorer } from '../scoring/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link random}. */
export interface RandomOptions {
  readonly budget: BudgetInput;
  /** A non-negative safe integer. */
  readonly seed: number;
}

/**
 * Keeps random rows, independently per layer, head and token. The score of a row is drawn from (seed, layer, head,
 * token) and never changes, so the same seed keeps the same rows however the text was chunked, and the kept rows are a
 * uniform sample of all rows seen.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad budget or seed
 * @example
 * ```ts
 * const policy = random({ budget: 256, seed: 7 });
 * ```
 */
export function random(options: RandomOptions): EvictionPolicy {
  const { budget, seed } = checkNames('random', options, ['budget', 'seed']);
  return scoredPolicy({ scorer: randomScorer(seed), budget });
}

/**
 * The scorer of {@link random}.
 *
 * @param seed as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when it is out of range
 */
export function randomScorer(seed: number): RowScorer {
  checkInteger('seed', seed, 0);
  return rowScorer({
    name: 'random',
    settings: { seed },
    memory: Uint32Array,
    // Each row is drawn once and remembered: a draw costs far more than a look.
    begin(draws, first, { view, layer, head }) {
      const tokens = view.tokens(layer, head);
      for (let i = first; i < tokens.length; i++) {
        draws[i] = new Random(seed, layer, head, tokens[i]!).uint32();
      }
    },
    score: (scores, draws) => scores.set(draws.subarray(0, scores.length)),
  });
}
