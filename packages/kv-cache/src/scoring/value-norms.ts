import type { ScoredHead } from './row-scorer.js';

/**
 * The norms ‖v_j‖₂ of values, for `begin` of a scorer.
 *
 * @param norms of the rows of a head, written from row `first` on
 */
export function valueNorms(
  norms: Float64Array,
  first: number,
  { view, layer, head }: Pick<ScoredHead, 'view' | 'layer' | 'head'>,
): void {
  const size = view.shape.layers[layer]!.headSize;
  const { shared, own } = view.segments(layer, head);
  const rowsShared = shared.values.length / size;
  const rows = rowsShared + own.values.length / size;
  for (let row = first; row < rows; row++) {
    const isShared = row < rowsShared;
    const values = isShared ? shared.values : own.values;
    const at = (isShared ? row : row - rowsShared) * size;
    let squares = 0;
    for (let d = at; d < at + size; d++) squares += values[d]! * values[d]!;
    norms[row] = Math.sqrt(squares);
  }
}
