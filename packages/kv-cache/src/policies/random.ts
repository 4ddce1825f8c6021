import { checkInteger, checkNames, Random } from '@namm/core';
import type { BudgetInput } from '../budget.js';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import { expectArrays } from '../saved-state.js';
import { RowTable } from '../scoring/row-table.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import type { Scorer, ScorerState } from '../scoring/scorer.js';

/** Options of {@link random}. */
export interface RandomOptions {
  readonly budget: BudgetInput;
  /** A non-negative safe integer. */
  readonly seed: number;
}

/**
 * Keeps random rows, independently per layer, head and token. The score of a row is drawn from (seed,
 * layer, head, token) and stays for life, so the same seed keeps the same rows whatever the chunks
 * were, and the kept rows are a uniform sample of all that were seen.
 *
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

/** The scorer of {@link random}. */
export function randomScorer(seed: number): Scorer {
  checkInteger('seed', seed, 0);
  const makeDraws = (length: number) => new Uint32Array(length);
  return {
    name: 'random',
    settings: { seed },
    probe: { kind: 'none' },
    protectedRows: () => 0,
    bytesPerRow: () => 4,
    start: (shape) => stateOf(seed, RowTable.create(shape, makeDraws)),
    restore(shape, saved) {
      const arrays = expectArrays(saved, ['Uint32Array', 'Uint32Array'] as const);
      return stateOf(seed, RowTable.restore(shape, makeDraws, arrays));
    },
  };
}

function stateOf(seed: number, table: RowTable<Uint32Array>): ScorerState {
  return {
    get bytes() {
      return table.bytes;
    },
    observe() {},
    score(view, layer, _, scores) {
      for (const [head, target] of scores.entries()) {
        const draws = table.head(layer, head);
        const known = draws.length;
        draws.extend(target.length);
        const tokens = view.tokens(layer, head);
        // Each row is drawn once and remembered: a draw costs far more than a look.
        for (let i = known; i < target.length; i++) {
          draws.array[i] = new Random(seed, layer, head, tokens[i]!).uint32();
        }
        target.set(draws.array.subarray(0, target.length));
      }
    },
    endPass() {},
    retain: (kept) => table.retain(kept),
    fork: () => stateOf(seed, table.fork()),
    save: () => table.save(),
  };
}
