import { parameterSlices } from './parameter-slices.js';
import type { BamSettings } from './scorer-settings.js';

/**
 * Brings BAM into the form that the kernel computes. With x the features and everything linear multiplied
 * out, keys and values need not be made:
 *
 * - the logit of query i and key j is (x_i W_q + b_q)(x_j W_k + b_k)ᵀ / √d. What does not depend on j
 *   falls out of the softmax; what is left is q'_i · x_j with q'_i = (x_i W_q + b_q) W_kᵀ / √d;
 * - attended values are (Σ_j p_ij x_j) W_v + b_v = y_i W_v + b_v, since the p_ij of a token sum to one;
 * - m = y W_v W_m + (b_v W_m + b_m), and r in the score is only w · r, one vector on y.
 *
 * So attention runs over the features themselves, 25 numbers instead of 32 twice. Logits come out in
 * powers of two (times log2 e), as the kernel's exponential wants them.
 *
 * @param padded features with zeros added, a multiple of 5
 * @returns query matrix `[padded, padded]` (q' = matrix · x), query bias, factor matrix `[padded, padded]`
 *   (1 + m = matrix · y + bias), factor bias, direct weights of y in the score, score weights, score bias;
 *   multiplied out in double precision
 */
export function foldParameters(
  settings: BamSettings,
  parameters: Float32Array,
  padded: number,
): Float32Array {
  const { features, hidden } = settings;
  const slices = parameterSlices(settings, parameters);
  const part = (name: string) => slices.get(name)!;
  const projected = (i: number, output: number) => part('qkv.weight')[i * 3 * hidden + output]!;
  const query = (i: number, d: number) => projected(i, d);
  const key = (i: number, d: number) => projected(i, hidden + d);
  const value = (i: number, d: number) => projected(i, 2 * hidden + d);
  const queryBias = (d: number) => part('qkv.bias')[d]!;
  const valueBias = (d: number) => part('qkv.bias')[2 * hidden + d]!;
  const residual = (d: number, i: number) => part('out.weight')[d * 2 * features + i]!;
  const multiplier = (d: number, i: number) => part('out.weight')[d * 2 * features + features + i]!;
  const weight = part('score.weight');
  const overHidden = (term: (d: number) => number) => {
    let sum = 0;
    for (let d = 0; d < hidden; d++) sum += term(d);
    return sum;
  };
  const overFeatures = (term: (i: number) => number) => {
    let sum = 0;
    for (let i = 0; i < features; i++) sum += term(i);
    return sum;
  };

  const scale = Math.LOG2E / Math.sqrt(hidden);
  const folded = new Float32Array(2 * padded * padded + 4 * padded + 1);
  let at = 0;
  const matrix = (element: (row: number, column: number) => number) => {
    for (let row = 0; row < features; row++) {
      for (let column = 0; column < features; column++) {
        folded[at + row * padded + column] = element(row, column);
      }
    }
    at += padded * padded;
  };
  const vector = (element: (i: number) => number) => {
    for (let i = 0; i < features; i++) folded[at + i] = element(i);
    at += padded;
  };
  matrix((row, column) => scale * overHidden((d) => key(row, d) * query(column, d)));
  vector((i) => scale * overHidden((d) => key(i, d) * queryBias(d)));
  matrix((row, column) => overHidden((d) => value(column, d) * multiplier(d, row)));
  const outBias = part('out.bias');
  vector((i) => 1 + outBias[features + i]! + overHidden((d) => valueBias(d) * multiplier(d, i)));
  // W_r w, so that the vector below takes features × hidden steps.
  const towards = Float64Array.from({ length: hidden }, (_, d) =>
    overFeatures((i) => residual(d, i) * weight[i]!),
  );
  vector((i) => overHidden((d) => value(i, d) * towards[d]!));
  vector((i) => weight[i]!);
  const constant = overHidden((d) => valueBias(d) * towards[d]!);
  folded[at] = part('score.bias')[0]! + overFeatures((i) => outBias[i]! * weight[i]!) + constant;
  return folded;
}
