/**
 * What a model needed to say each token: −log2 of the probability that it gave it.
 *
 * @param logits `[rows, vocabulary]`; row i is for token i
 * @param ids `[rows]`
 */
export function tokenBits(logits: Float32Array, ids: Int32Array): Float64Array {
  const size = logits.length / ids.length;
  return Float64Array.from(ids, (id, row) => {
    const from = row * size;
    let largest = -Infinity;
    for (let i = from; i < from + size; i++) largest = Math.max(largest, logits[i]!);
    let total = 0;
    for (let i = from; i < from + size; i++) total += Math.exp(logits[i]! - largest);
    return (Math.log(total) + largest - logits[from + id]!) / Math.LN2;
  });
}
