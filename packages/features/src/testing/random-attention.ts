import type { Random } from '@namm/core';

/** Causal attention whose rows sum to one: `[queries, slots]`; the last tokens are born one per query. */
export function randomAttention(random: Random, queries: number, slots: number): Float32Array {
  const attention = new Float32Array(queries * slots);
  for (let query = 0; query < queries; query++) {
    const visible = Math.max(1, slots - queries + query + 1);
    // Few large weights among many small ones, as attention is.
    const weights = Array.from({ length: visible }, () => Math.exp(3 * random.normal()));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [slot, weight] of weights.entries()) {
      attention[query * slots + slot] = weight / total;
    }
  }
  return attention;
}
