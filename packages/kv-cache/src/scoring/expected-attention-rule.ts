import type { FloatArray } from '@namm/core';
import type { LayerShape } from '../contracts/cache-shape.js';
import type { QuerySumsRule } from './by-query-sums.js';
import type { QuerySums } from './query-sums.js';
import { knownRotation, meanRotation, type PairRotation, rotateRow } from './rotate-rows.js';
import { firstFrom } from './row-features.js';
import { valueNorms } from './row-norms.js';

/** Settings of Expected Attention, all resolved. */
export interface ExpectedAttentionSettings {
  readonly future: number;
  readonly sinks: number;
  readonly epsilon: number;
}

/** Sums of queries, and of their products with themselves; see `expectedAttention`. */
export function expectedAttentionRule({
  future,
  sinks,
  epsilon,
}: ExpectedAttentionSettings): QuerySumsRule {
  return {
    name: 'expected-attention',
    width: ({ headSize }) => headSize + headSize ** 2,
    add: addQuery,
    skip: sinks,
    score(sums, view, layer, _slots, scores) {
      const { headSize: size, queryHeads, keyValueHeads, rotation } = view.shape.layers[layer]!;
      const group = queryHeads / keyValueHeads;
      const known = knownRotation(rotation);
      const next = Array.from({ length: future }, (_, i) => view.nextPosition + i);
      const ahead = known && meanRotation(known, next);
      for (const [head, own] of scores.entries()) {
        const keys = view.keys(layer, head);
        const norms = new Float64Array(own.length);
        valueNorms(norms, 0, { view, layer, head });
        const first = firstFrom(view.tokens(layer, head), sinks);
        const expected = new Float64Array(own.length - first);
        for (let member = 0; member < group; member++) {
          const { mean, covariance } = expectedQuery(
            sums,
            layer,
            head * group + member,
            size,
            ahead,
          );
          addSoftmax(expected, group, (row) =>
            logitOf(keys, (first + row) * size, size, mean, covariance),
          );
        }
        own.fill(Infinity, 0, first);
        for (let row = first; row < own.length; row++) {
          own[row] = (expected[row - first]! + epsilon) * norms[row]!;
        }
      }
    },
  };
}

/** Mean and covariance `[size, size]` of the queries of a head, as they will be rotated. */
function expectedQuery(
  all: QuerySums,
  layer: number,
  queryHead: number,
  size: number,
  ahead: PairRotation | null,
) {
  const count = Math.max(1, all.count(layer));
  const sums = all.of(layer, queryHead);
  const mean = sums.slice(0, size).map((sum) => sum / count);
  const covariance = sums.slice(size).map((sum, at) => {
    return sum / count - mean[Math.floor(at / size)]! * mean[at % size]!;
  });
  if (ahead === null) return { mean, covariance };
  rotateRow(mean, 0, ahead);
  // R̄ Σ R̄ᵀ: rows, and then, as the matrix is symmetric, the rows of the transposed.
  for (const _ of ['rows', 'columns']) {
    for (let row = 0; row < size; row++) rotateRow(covariance, row * size, ahead);
    transpose(covariance, size);
  }
  return { mean, covariance };
}

function addQuery(
  sums: Float64Array,
  queries: FloatArray,
  at: number,
  { headSize: size }: LayerShape,
): void {
  for (let i = 0; i < size; i++) {
    const number = queries[at + i]!;
    sums[i]! += number;
    const row = size + i * size;
    for (let j = 0; j < size; j++) sums[row + j]! += number * queries[at + j]!;
  }
}

/** μ·k + ½ kᵀ Σ k; Σ is symmetric. */
function logitOf(
  keys: Float32Array,
  at: number,
  size: number,
  mean: Float64Array,
  covariance: Float64Array,
): number {
  let logit = 0;
  for (let i = 0; i < size; i++) {
    const number = keys[at + i]!;
    let sum = mean[i]! + (covariance[i * size + i]! * number) / 2;
    for (let j = i + 1; j < size; j++) sum += covariance[i * size + j]! * keys[at + j]!;
    logit += number * sum;
  }
  return logit;
}

/** Adds softmax(logits) / parts. */
function addSoftmax(target: Float64Array, parts: number, logitOf: (row: number) => number): void {
  const logits = Float64Array.from(target, (_, row) => logitOf(row));
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let total = 0;
  for (let row = 0; row < logits.length; row++) {
    logits[row] = Math.exp(logits[row]! - most);
    total += logits[row]!;
  }
  for (let row = 0; row < logits.length; row++) target[row]! += logits[row]! / total / parts;
}

function transpose(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      const other = matrix[j * size + i]!;
      matrix[j * size + i] = matrix[i * size + j]!;
      matrix[i * size + j] = other;
    }
  }
}
