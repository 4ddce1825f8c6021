import { openSafetensors, type SafetensorsFile } from '@namm/core';
import { type DecoderSpec, type RotarySpec, rotaryRows } from '../src/index.js';

/** Which cached positions the query at one position may not see, although causality lets it. */
export type Evicted = (layer: number, head: number, query: number, key: number) => boolean;

/**
 * The slow, obvious decoder that the fast one is held to: all tokens at once, every head over the whole
 * sequence, evicted tokens masked instead of removed, plain loops in double precision. Knows what the
 * random models of these tests use: RMS norms before each half, RoPE, windows, a gated SiLU.
 *
 * @returns logits `[tokens][vocabulary]`
 */
export async function referenceLogits(
  weightsFile: string,
  spec: DecoderSpec,
  ids: readonly number[],
  evicted: Evicted = () => false,
): Promise<number[][]> {
  const file = await openSafetensors(weightsFile);
  const embedding = await matrix(file, spec.embedding.weight);
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
    const q = rotate(await apply(query.weight, normed), size, rotary);
    const k = rotate(await apply(key.weight, normed), size, rotary);
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
        const scores = seen.map((j) => {
          const score = attention.scale * dot(part(q[i]!, h), part(k[j]!, head));
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
  const final = await rmsNorm(file, spec.finalNorm, hidden);
  const head = await matrix(file, spec.head.weight);
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

/** RoPE on each head of `[tokens][heads · size]`: pairs are (i, i + half). */
function rotate(rows: number[][], size: number, rotary: RotarySpec | null): number[][] {
  if (!rotary) return rows;
  const half = rotary.size / 2;
  const { cos, sin } = rotaryRows(
    rotary,
    Int32Array.from(rows, (_, position) => position),
  );
  return rows.map((row, position) => {
    const result = [...row];
    for (let head = 0; head < row.length; head += size) {
      for (let i = 0; i < half; i++) {
        const [c, s] = [cos[position * half + i]!, sin[position * half + i]!];
        const [a, b] = [row[head + i]!, row[head + i + half]!];
        result[head + i] = a * c - b * s;
        result[head + i + half] = b * c + a * s;
      }
    }
    return result;
  });
}
