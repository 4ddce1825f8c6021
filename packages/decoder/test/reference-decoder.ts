import { openSafetensors, type SafetensorsFile } from '@namm/tensors';
import {
  type AttentionSpec,
  type ConvolutionSpec,
  type DecoderSpec,
  type LinearSpec,
  type NormSpec,
  type RotarySpec,
  rotaryRows,
} from '../src/index.js';

/** Which cached positions the query at one position may not see, although causality lets it. */
export type Evicted = (layer: number, head: number, query: number, key: number) => boolean;

/** The position that a key has when a query looks at it, and that of the query itself; several along axes. */
export type PositionOf = (
  query: number,
  key: number,
  layer: number,
  head: number,
) => number | readonly number[];

/**
 * The slow, obvious decoder that the fast one is held to: all tokens at once, every head over the whole
 * sequence, evicted tokens masked instead of removed, plain loops in double precision. Knows what the
 * random models of these tests use: RMS norms before each half and on heads, RoPE, windows, short convolutions, a gated
 * SiLU. Layers are counted as caches count them.
 *
 * @param positionOf tokens are numbered by their place in `ids`; windows go by these numbers too
 * @returns logits `[tokens][vocabulary]`
 */
export async function referenceLogits(
  weightsFile: string,
  spec: DecoderSpec,
  ids: readonly number[],
  evicted: Evicted = () => false,
  positionOf: PositionOf = (_, key) => key,
): Promise<number[][]> {
  const file = await openSafetensors(weightsFile);
  const embedding = await matrix(file, spec.embedding!.weight);
  let hidden = ids.map((id) => embedding[id]!);
  const looks: Looks = { evicted, positionOf };
  let attentions = 0;
  for (const layer of spec.layers) {
    const { norms, feedForward } = layer;
    if (feedForward.kind !== 'gated') throw new Error('the reference knows gated halves alone');
    const normed = await rmsNorm(file, norms.beforeAttention!, hidden);
    const mixed = layer.convolution
      ? await convolved(file, layer.convolution, normed)
      : await attended(file, spec, layer.attention, attentions++, normed, looks);
    hidden = add(hidden, mixed);
    const second = await rmsNorm(file, norms.beforeFeedForward!, hidden);
    const gate = await product(file, feedForward.gate, second);
    const up = await product(file, feedForward.up, second);
    const inner = gate.map((row, i) => row.map((x, j) => (x / (1 + Math.exp(-x))) * up[i]![j]!));
    hidden = add(hidden, await product(file, feedForward.down, inner));
  }
  const final = await rmsNorm(file, spec.finalNorm!, hidden);
  const head = await matrix(file, spec.head!.linear.weight);
  return final.map((row) => head.map((outputs) => dot(outputs, row)));
}

/** What a query sees, and where. */
interface Looks {
  readonly evicted: Evicted;
  readonly positionOf: PositionOf;
}

/** An attention over all tokens; layers without one are not counted. */
async function attended(
  file: SafetensorsFile,
  { rotary: tables }: DecoderSpec,
  attention: AttentionSpec,
  index: number,
  rows: number[][],
  { evicted, positionOf }: Looks,
): Promise<number[][]> {
  const { projections, queryKeyNorm, headSize: size, window } = attention;
  if (projections.kind !== 'separate') throw new Error('the reference knows no fused matrices');
  const rotary = attention.rotary === null ? null : tables[attention.rotary]!;
  const group = attention.queryHeads / attention.keyValueHeads;
  const headsOf = async (linear: LinearSpec, norm: NormSpec | undefined) => {
    const all = await product(file, linear, rows);
    const cut = (row: number[]) =>
      Array.from({ length: row.length / size }, (_, h) => row.slice(h * size, (h + 1) * size));
    const heads = all.map(cut);
    return norm ? Promise.all(heads.map((own) => rmsNorm(file, norm, own))) : heads;
  };
  const q = await headsOf(projections.query, queryKeyNorm?.query);
  const k = await headsOf(projections.key, queryKeyNorm?.key);
  const v = await headsOf(projections.value, undefined);
  const heads = rows.map((_, i) =>
    q[i]!.flatMap((own, h) => {
      const head = Math.floor(h / group);
      const seen = rows
        .map((__, j) => j)
        .filter((j) => j <= i && (window === null || i - j < window))
        .filter((j) => !evicted(index, head, i, j));
      const at = (row: number[], j: number) =>
        rotate(row, rotary, positionOf(i, j, index, head), rows.length);
      const rotatedQuery = at(own, i);
      const scores = seen.map((j) => {
        const score = attention.scale * dot(rotatedQuery, at(k[j]![head]!, j));
        return attention.softCap ? attention.softCap * Math.tanh(score / attention.softCap) : score;
      });
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const total = weights.reduce((a, b) => a + b, 0);
      return own.map((_, d) => {
        let sum = 0;
        for (const [n, j] of seen.entries()) sum += weights[n]! * v[j]![head]![d]!;
        return sum / total;
      });
    }),
  );
  return product(file, attention.output, heads);
}

/** A gated convolution over all tokens, tap by tap; before the first there is nothing. */
async function convolved(
  file: SafetensorsFile,
  { input, taps, kernel, kernelBias, output }: ConvolutionSpec,
  rows: number[][],
): Promise<number[][]> {
  const size = output.inputs;
  const weights = await file.readFloat64(kernel);
  const bias = kernelBias ? await file.readFloat64(kernelBias) : new Float64Array(size);
  const all = await product(file, input, rows);
  const gated = all.map((row) => row.slice(0, size).map((b, d) => b * row[2 * size + d]!));
  const mixed = all.map((row, i) =>
    row.slice(size, 2 * size).map((c, d) => {
      let sum = bias[d]!;
      for (let back = 0; back < taps && back <= i; back++) {
        sum += weights[d * taps + taps - 1 - back]! * gated[i - back]![d]!;
      }
      return c * sum;
    }),
  );
  return product(file, output, mixed);
}

/** Rows times a matrix, and its bias. */
async function product(
  file: SafetensorsFile,
  { weight, bias }: LinearSpec,
  rows: readonly number[][],
): Promise<number[][]> {
  const w = await matrix(file, weight);
  const added = bias ? await file.readFloat64(bias) : new Float64Array(w.length);
  return rows.map((row) => w.map((outputs, i) => dot(outputs, row) + added[i]!));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

function add(a: readonly number[][], b: readonly number[][]): number[][] {
  return a.map((row, i) => row.map((x, j) => x + b[i]![j]!));
}

async function matrix(file: SafetensorsFile, name: string): Promise<number[][]> {
  const [rows = 0, columns = 0] = file.entry(name).shape;
  const flat = await file.readFloat64(name);
  return Array.from({ length: rows }, (_, i) => [...flat.slice(i * columns, (i + 1) * columns)]);
}

async function rmsNorm(
  file: SafetensorsFile,
  norm: { readonly weight: string; readonly epsilon: number },
  rows: readonly number[][],
): Promise<number[][]> {
  const weight = await file.readFloat64(norm.weight);
  return rows.map((row) => {
    const scale = 1 / Math.sqrt(dot(row, row) / row.length + norm.epsilon);
    return row.map((x, i) => x * scale * weight[i]!);
  });
}

/** RoPE on one head of one row: pairs are (i, i + half). */
function rotate(
  row: number[],
  rotary: RotarySpec | null,
  position: number | readonly number[],
  sequenceLength: number,
): number[] {
  if (!rotary) return row;
  const half = rotary.size / 2;
  const result = [...row];
  const rowsAt = (own: number) => rotaryRows(rotary, Int32Array.of(own), { sequenceLength });
  const perAxis = typeof position === 'number' ? [rowsAt(position)] : position.map(rowsAt);
  for (let i = 0; i < half; i++) {
    const { cos, sin } = perAxis.length > 1 ? perAxis[rotary.axes![i]!]! : perAxis[0]!;
    result[i] = row[i]! * cos[i]! - row[i + half]! * sin[i]!;
    result[i + half] = row[i + half]! * cos[i]! + row[i]! * sin[i]!;
  }
  return result;
}
