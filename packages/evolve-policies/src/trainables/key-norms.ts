import type { CacheView } from '@namm/kv-cache';

/** ‖k‖₂ of the rows of one head, `[length]`. */
export function keyNorms(view: CacheView, layer: number, head: number): Float64Array {
  const size = view.shape.layers[layer]!.headSize;
  const norms = new Float64Array(view.length(layer, head));
  const { shared, own } = view.segments(layer, head);
  let row = 0;
  for (const { keys } of [shared, own]) {
    for (let from = 0; from < keys.length; from += size, row++) {
      let squares = 0;
      for (let d = from; d < from + size; d++) squares += keys[d]! * keys[d]!;
      norms[row] = Math.sqrt(squares);
    }
  }
  return norms;
}
