import { checkInteger, checkNames, Random } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import type { RowScorer } from '../contracts/row-scorer.js';
import { rowScorer } from '../scoring/row-scorer.js';
import { scoredPolicy } from '../scoring/scored-policy.js';

/** Options of {@link protectedRandom}. */
export interface ProtectedRandomOptions {
  readonly budget: BudgetInput;
  /** A non-negative safe integer. */
  readonly seed: number;
  /** Number of first tokens that stay: the prompt. Part of the budget. */
  readonly prompt: number;
}

/**
 * Keeps the prompt, and random rows of everything after it, independently per layer, head and token (Random Attention,
 * 2026, https://arxiv.org/abs/2609.03430): the control that a policy for long answers has to beat. As in `random`, a
 * row's score never changes. If the budget is smaller than the prompt, only the prompt's first rows stay.
 *
 * @param options budget and settings
 * @returns the policy, for any number of caches
 * @throws {InvalidArgumentError} for a bad budget, seed or prompt
 * @example
 * ```ts
 * const policy = protectedRandom({ budget: 1024, seed: 7, prompt: promptIds.length });
 * ```
 */
export function protectedRandom(options: ProtectedRandomOptions): EvictionPolicy {
  const names = ['budget', 'seed', 'prompt'] as const;
  const { budget, seed, prompt } = checkNames('protectedRandom', options, names);
  return scoredPolicy({ scorer: protectedRandomScorer(seed, prompt), budget });
}

/**
 * The scorer of {@link protectedRandom}.
 *
 * @param seed as in its options
 * @param prompt as in its options
 * @returns a scorer for {@link scoredPolicy}
 * @throws {InvalidArgumentError} when one is out of range
 */
export function protectedRandomScorer(seed: number, prompt: number): RowScorer {
  checkInteger('seed', seed, 0);
  checkInteger('prompt', prompt, 0);
  return rowScorer({
    name: 'protected-random',
    settings: { seed, prompt },
    memory: Float64Array,
    begin(scores, first, { view, layer, head }) {
      const tokens = view.tokens(layer, head);
      for (let i = first; i < tokens.length; i++) {
        const token = tokens[i]!;
        scores[i] = token < prompt ? Infinity : new Random(seed, layer, head, token).uint32();
      }
    },
    score: (scores, drawn) => scores.set(drawn.subarray(0, scores.length)),
  });
}
