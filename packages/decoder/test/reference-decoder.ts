import { openSafetensors, type SafetensorsFile } from '@namm/tensors';
import { type DecoderSpec, type RotarySpec, rotaryRows } from '../src/index.js';

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
 * random models of these tests use: RMS norms before each half, RoPE, windows, a gated SiLU.
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
  for (const [index, layer] of spec.layers.entries()) {
    const { attention, norms, feedForward } = layer;
    if (attention.projections.kind !== 'separate' || feedForward.kind !== 'gated') {
      throw new Error('the reference does not know fused matrices');
    }
    const { query, key, value } = attention.projections;
    const normed = await rmsNorm(file, norms.beforeAttention!, hidden);
    const apply = async (weight: string, rows: number[][]) => {
      const w = await matrix(file, weight);
      return rows.map((row) => w.map((outputs) => dot(outputs, row)));
    };
    const rotary = attention.rotary === null ? null : spec.rotary[attention.rotary]!;
    const size = attention.headSize;
    const q = await apply(query.weight, normed);
    const k = await apply(key.weight, normed);
    const v = await apply(value.weight, normed);
    const group = attention.queryHeads / attention.keyValueHeads;
    const attended = ids.map((_, i) => {
      const row: number[] = [];
      for (let h = 0; h < attention.queryHeads; h++) {
        const head = Math.floor(h / group);
        const part = (x: number[], which: number) => x.slice(which * size, (which + 1) * size);
        const seen = ids
          .map((__, j) => j)
          .filter((j) => j <= i && (attention.window === null || i - j < attention.window))
          .filter((j) => !evicted(index, head, i, j));
        const rotatedQuery = rotate(
          part(q[i]!, h),
          rotary,
          positionOf(i, i, index, head),
          ids.length,
        );
        const scores = seen.map((j) => {
          const rotatedKey = rotate(
            part(k[j]!, head),
            rotary,
            positionOf(i, j, index, head),
            ids.length,
          );
          const score = attention.scale * dot(rotatedQuery, rotatedKey);
          return attention.softCap
            ? attention.softCap * Math.tanh(score / attention.softCap)
            : score;
        });
        const largest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - largest));
        const total = weights.reduce((a, b) => a + b, 0);
        for (let d = 0; d < size; d++) {
          let sum = 0;
          for (const [n, j] of seen.entries()) sum += weights[n]! * v[j]![head * size + d]!;
          row.push(sum / total);
        }
      }
      return row;
    });
    hidden = add(hidden, await apply(attention.output.weight, attended));
    const second = await rmsNorm(file, norms.beforeFeedForward!, hidden);
    const gate = await apply(feedForward.gate.weight, second);
    const up = await apply(feedForward.up.weight, second);
    const inner = gate.map((row, i) => row.map((x, j) => (x / (1 + Math.exp(-x))) * up[i]![j]!));
    hidden = add(hidden, await apply(feedForward.down.weight, inner));
  }
  const final = await rmsNorm(file, spec.finalNorm!, hidden);
  const head = await matrix(file, spec.head!.linear.weight);
  return final.map((row) => head.map((outputs) => dot(outputs, row)));
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
