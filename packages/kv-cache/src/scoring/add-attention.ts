import type { FloatArray } from '@namm/core';

/**
 * Sums the attention each row has received since it was appended, for `observe` of a scorer: s[j] = Σ_q mean_g
 * A[q, g, j], over every query of every pass, averaged over the query heads g of the group.
 */
export function addAttention(sums: Float64Array, received: FloatArray): void {
  for (let i = 0; i < received.length; i++) sums[i]! += received[i]!;
}
