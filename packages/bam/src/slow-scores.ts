import { parameterSlices } from './parameter-slices.js';
import type { ScorerSettings } from './scorer-settings.js';

type Row = readonly number[];

/**
 * Scores of the tokens of one head by the definition, in double precision and one token at a time. Tests compare the
 * kernels with it.
 *
 * @param features `[tokens, features]`, oldest first
 * @returns `[tokens]`
 * @throws {InvalidArgumentError} when the parameters do not fit the settings
 *
 * @example
 * ```ts
 * slowScores(publishedBam, parameters, features); // Float64Array of one score per token
 * ```
 */
export function slowScores(
  settings: ScorerSettings,
  parameters: Float32Array,
  features: ArrayLike<number>,
): Float64Array {
  const slices = parameterSlices(settings, parameters);
  const [from, to] = settings.visible ?? [0, settings.features];
  const tokens = Array.from({ length: features.length / settings.features }, (_, token) =>
    Array.from({ length: settings.features }, (_, i) =>
      from <= i && i < to ? features[token * settings.features + i]! : 0,
    ),
  );
  const apply = (name: string, input: Row): number[] => {
    const weight = slices.get(`${name}.weight`)!;
    const outputs = weight.length / input.length;
    return Array.from({ length: outputs }, (_, output) => {
      let sum = slices.get(`${name}.bias`)?.[output] ?? 0;
      for (const [i, value] of input.entries()) sum += value * weight[i * outputs + output]!;
      return sum;
    });
  };
  if (settings.kind === 'bam') {
    const heads = settings.attention === false ? tokens.map((token) => [token]) : [tokens];
    return Float64Array.from(heads.flatMap((head) => bamScores(head, settings.hidden, apply)));
  }
  return Float64Array.from(tokens, (token) => {
    let values: number[] = token;
    const layers = settings.kind === 'mlp' ? settings.depth - 1 : 0;
    for (let layer = 0; layer < layers; layer++) {
      const active = apply(`layer${layer}`, values).map((value) => Math.max(0, value));
      const isResidual = layer === 0 && settings.kind === 'mlp' && settings.residual;
      values = isResidual ? active.map((value, i) => value + token[i]!) : active;
    }
    return apply('score', values)[0]!;
  });
}

function bamScores(
  tokens: readonly Row[],
  hidden: number,
  apply: (name: string, input: Row) => number[],
): number[] {
  const projected = tokens.map((token) => apply('qkv', token));
  const queries = projected.map((row) => row.slice(0, hidden));
  const keys = projected.map((row) => row.slice(hidden, 2 * hidden));
  const values = projected.map((row) => row.slice(2 * hidden));
  return tokens.map((token, i) => {
    const logits = keys.slice(i).map((key) => dot(queries[i]!, key) / Math.sqrt(hidden));
    const largest = logits.reduce((a, b) => Math.max(a, b));
    const powers = logits.map((logit) => Math.exp(logit - largest));
    const total = powers.reduce((a, b) => a + b);
    const attended = new Array<number>(hidden).fill(0);
    for (const [j, power] of powers.entries()) {
      const value = values[i + j]!;
      for (let d = 0; d < hidden; d++) attended[d]! += (power / total) * value[d]!;
    }
    const output = apply('out', attended);
    const result = token.map((value, c) => value * (1 + output[token.length + c]!) + output[c]!);
    return apply('score', result)[0]!;
  });
}

function dot(a: Row, b: Row): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
