/**
 * Pools numbers along their index, with stride 1 and the same length, and **adds** the result to `target`. Beyond the
 * ends, the average counts zeros and the maximum ignores them.
 *
 * @param values only `values[0 … count − 1]` take part
 * @param kernel odd width
 */
export function poolRows(
  values: Float64Array,
  count: number,
  kernel: number,
  pooling: 'average' | 'max',
  target: Float64Array,
): void {
  const reach = (kernel - 1) / 2;
  for (let i = 0; i < count; i++) {
    const to = Math.min(count - 1, i + reach);
    let pooled = pooling === 'average' ? 0 : -Infinity;
    for (let j = Math.max(0, i - reach); j <= to; j++) {
      pooled = pooling === 'average' ? pooled + values[j]! / kernel : Math.max(pooled, values[j]!);
    }
    target[i]! += pooled;
  }
}
