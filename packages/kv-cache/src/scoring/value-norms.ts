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
  const values = view.values(layer, head, first);
  for (let row = 0; row * size < values.length; row++) {
    let squares = 0;
    for (let d = row * size; d < (row + 1) * size; d++) squares += values[d]! * values[d]!;
    norms[first + row] = Math.sqrt(squares);
  }
}
