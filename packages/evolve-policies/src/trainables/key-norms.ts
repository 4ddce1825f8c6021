import type { CacheView } from '@namm/kv-cache';

/** ‖k‖₂ of the rows of one head, `[length]`. */
export function keyNorms(view: CacheView, layer: number, head: number): Float64Array {
  const size = view.shape.layers[layer]!.headSize;
  const norms = new Float64Array(view.length(layer, head));
  const keys = view.keys(layer, head);
  for (let row = 0; row < norms.length; row++) {
    let squares = 0;
    for (let d = row * size; d < (row + 1) * size; d++) squares += keys[d]! * keys[d]!;
    norms[row] = Math.sqrt(squares);
  }
  return norms;
}
