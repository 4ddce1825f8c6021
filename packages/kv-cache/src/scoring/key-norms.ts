import type { CacheView } from '../contracts/eviction-policy.js';
import { expectArrays } from '../saved-state.js';
import { RowTable } from './row-table.js';
import type { Scorer, ScorerState } from './scorer.js';

/** Writes the scores of one head's rows, whose keys have these norms. */
export type ScoreNorms = (
  norms: Float64Array,
  view: CacheView,
  layer: number,
  head: number,
  scores: Float64Array,
) => void;

/**
 * A scorer over the norms ‖k_j‖₂ of the keys. Each is computed once, when its row is new: to read all keys
 * again for every token would cost more than the attention itself. Rotation does not change a norm.
 */
export function keyNormsScorer(
  parts: Pick<Scorer, 'name' | 'settings'>,
  scoreNorms: ScoreNorms,
): Scorer {
  const makeNorms = (length: number) => new Float64Array(length);
  return {
    ...parts,
    probe: { kind: 'none' },
    protectedRows: () => 0,
    bytesPerRow: () => Float64Array.BYTES_PER_ELEMENT,
    start: (shape) => stateOf(RowTable.create(shape, makeNorms), scoreNorms),
    restore(shape, saved) {
      const arrays = expectArrays(saved, ['Uint32Array', 'Float64Array'] as const);
      return stateOf(RowTable.restore(shape, makeNorms, arrays), scoreNorms);
    },
  };
}

function stateOf(table: RowTable<Float64Array>, scoreNorms: ScoreNorms): ScorerState {
  return {
    get bytes() {
      return table.bytes;
    },
    observe() {},
    score(view, layer, _, scores) {
      const size = view.shape.layers[layer]!.headSize;
      for (const [head, target] of scores.entries()) {
        const norms = table.head(layer, head);
        const known = norms.length;
        norms.extend(target.length);
        const { rows } = norms;
        const keys = keysFrom(view, layer, head, known);
        for (let row = known; row < rows.length; row++) {
          let squares = 0;
          const from = (row - known) * size;
          for (let d = from; d < from + size; d++) squares += keys[d]! * keys[d]!;
          rows[row] = Math.sqrt(squares);
        }
        scoreNorms(rows, view, layer, head, target);
      }
    },
    endPass() {},
    retain: (kept) => table.retain(kept),
    fork: () => stateOf(table.fork(), scoreNorms),
    save: () => table.save(),
  };
}

/** Keys of the rows from `first` on; new ones lie in one piece, so that nothing is copied. */
function keysFrom(view: CacheView, layer: number, head: number, first: number): Float32Array {
  const size = view.shape.layers[layer]!.headSize;
  const { shared, own } = view.segments(layer, head);
  const start = first * size - shared.keys.length;
  return start >= 0 ? own.keys.subarray(start) : view.keys(layer, head).subarray(first * size);
}
