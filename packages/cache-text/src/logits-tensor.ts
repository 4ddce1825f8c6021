import { Tensor } from '@huggingface/transformers';
import type { TokenRows } from './token-rows.js';

/**
 * The logits of a batch as transformers.js wants them.
 *
 * @param logits per sequence `[tokens or 1, vocabulary]`
 * @param kept how many of the last columns are wanted; 0 for all
 * @returns float32 `[batch, columns, vocabulary]`; zeros where there is padding
 */
export function logitsTensor(
  logits: readonly Float32Array[],
  { columns, width }: TokenRows,
  kept: number,
  vocabulary: number,
): Tensor {
  const wanted = kept === 0 ? width : Math.min(kept, width);
  const dims = [logits.length, wanted, vocabulary];
  // What is one piece already is not copied.
  if (logits.length === 1 && logits[0]!.length === wanted * vocabulary) {
    return new Tensor('float32', logits[0]!, dims);
  }
  const data = new Float32Array(logits.length * wanted * vocabulary);
  for (const [row, own] of logits.entries()) {
    if (kept === 1) {
      data.set(own, row * vocabulary);
      continue;
    }
    for (const [i, column] of columns[row]!.entries()) {
      const place = column - (width - wanted);
      if (place < 0) continue;
      const from = own.subarray(i * vocabulary, (i + 1) * vocabulary);
      data.set(from, (row * wanted + place) * vocabulary);
    }
  }
  return new Tensor('float32', data, dims);
}
