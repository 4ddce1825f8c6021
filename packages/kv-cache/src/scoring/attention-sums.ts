import type { CacheView } from '../contracts/eviction-policy.js';
import type { Observation } from '../contracts/probe.js';
import { expectArrays } from '../saved-state.js';
import { RowTable } from './row-table.js';
import type { Scorer, ScorerState } from './scorer.js';

/** Turns the attention sums of one head's rows into scores. */
export type ScoreSums = (
  sums: Float64Array,
  view: CacheView,
  layer: number,
  head: number,
  scores: Float64Array,
) => void;

/**
 * A scorer over the attention each row has received since it was appended: s[j] = Σ_q mean_g A[q, g, j],
 * over every query of every pass, averaged over the query heads g of the group. In float64.
 */
export function attentionSumsScorer(
  parts: Pick<Scorer, 'name' | 'settings' | 'protectedRows'>,
  scoreSums: ScoreSums,
): Scorer {
  const makeSums = (length: number) => new Float64Array(length);
  return {
    ...parts,
    probe: { kind: 'columnSums' },
    bytesPerRow: () => Float64Array.BYTES_PER_ELEMENT,
    start: (shape) => stateOf(RowTable.create(shape, makeSums), scoreSums),
    restore(shape, saved) {
      const arrays = expectArrays(saved, ['Uint32Array', 'Float64Array'] as const);
      return stateOf(RowTable.restore(shape, makeSums, arrays), scoreSums);
    },
  };
}

function stateOf(table: RowTable<Float64Array>, scoreSums: ScoreSums): ScorerState {
  return {
    get bytes() {
      return table.bytes;
    },
    observe(layer, observation: Observation) {
      for (const [head, received] of observation.heads.entries()) {
        const sums = table.head(layer, head);
        sums.extend(received.length);
        const { array } = sums;
        for (let i = 0; i < received.length; i++) array[i]! += received[i]!;
      }
    },
    score(view, layer, _, scores) {
      for (const [head, target] of scores.entries()) {
        scoreSums(table.head(layer, head).array, view, layer, head, target);
      }
    },
    endPass() {},
    retain: (kept) => table.retain(kept),
    fork: () => stateOf(table.fork(), scoreSums),
    save: () => table.save(),
  };
}
