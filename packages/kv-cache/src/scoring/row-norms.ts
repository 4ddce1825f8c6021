import type { ScoredHead } from './row-scorer.js';

type Norms = (
  norms: Float64Array,
  first: number,
  head: Pick<ScoredHead, 'view' | 'layer' | 'head'>,
) => void;

const normsOf =
  (part: 'keys' | 'values'): Norms =>
  (norms, first, { view, layer, head }) => {
    const size = view.shape.layers[layer]!.headSize;
    const rows = view[part](layer, head, first);
    for (let row = 0; row * size < rows.length; row++) {
      let squares = 0;
      for (let d = row * size; d < (row + 1) * size; d++) squares += rows[d]! * rows[d]!;
      norms[first + row] = Math.sqrt(squares);
    }
  };

/**
 * The norms ‖k_j‖₂ of keys, for `begin` of a scorer. Each is computed once, when its row is new: to read all
 * keys again for every token would cost more than the attention itself. Rotation does not change a norm.
 *
 * @param norms of the rows of a head, written from row `first` on
 */
export const keyNorms = normsOf('keys');

/** The norms ‖v_j‖₂ of values, as {@link keyNorms}. */
export const valueNorms = normsOf('values');
