import type { FloatArray } from '@namm/core/portable';

/**
 * The mean of each slot's value and its neighbours' values. What matters in a text usually spans several tokens, so a
 * token is worth as much as its neighbourhood. (SnapKV, Li et al. 2024, https://arxiv.org/abs/2404.14469, pools
 * attention for that reason.)
 *
 * @param values `[slots]`
 * @param tokens which token of the sequence each slot holds, ascending `[slots]`; where some were evicted there is a gap
 * @param radius tokens to either side
 * @returns `[slots]`
 * @example
 * ```ts
 * meansNearby(Float64Array.of(1, 3, 9), [0, 1, 5], 2); // Float64Array [2, 2, 9]
 * ```
 */
export function meansNearby(
  values: FloatArray,
  tokens: ArrayLike<number>,
  radius: number,
): Float64Array {
  const means = new Float64Array(values.length);
  let [from, to] = [0, 0];
  for (let slot = 0; slot < values.length; slot++) {
    while (tokens[from]! < tokens[slot]! - radius) from++;
    while (to < values.length && tokens[to]! <= tokens[slot]! + radius) to++;
    let sum = 0;
    for (let i = from; i < to; i++) sum += values[i]!;
    means[slot] = sum / (to - from);
  }
  return means;
}
