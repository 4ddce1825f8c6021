import type { ScoredHead } from './row-scorer.js';

/**
 * The norms ‖k_j‖₂ of keys, for `begin` of a scorer. Each is computed once, when its row is new: to read all
 * keys again for every token would cost more than the attention itself. Rotation does not change a norm.
 *
 * @param norms of the rows of a head, written from row `first` on
 */
export function keyNorms(
  norms: Float64Array,
  first: number,
  { view, layer, head }: ScoredHead,
): void {
  const size = view.shape.layers[layer]!.headSize;
  const keys = view.keys(layer, head, first);
  for (let row = 0; row * size < keys.length; row++) {
    let squares = 0;
    for (let d = row * size; d < (row + 1) * size; d++) squares += keys[d]! * keys[d]!;
    norms[first + row] = Math.sqrt(squares);
  }
}
