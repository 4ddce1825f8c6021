import type { Value } from '@namm/onnx';
import type { LayerSpec, NormSpec } from '../spec/decoder-spec.js';
import { feedForward } from './feed-forward.js';
import type { GraphContext } from './graph-context.js';
import { linear } from './linear.js';
import { norm } from './norm.js';
import { type ProjectedRows, projectRows, type RotaryTable } from './project.js';
import type { Residual } from './residual.js';

/** What a layer does with each token before its attention. */
export function beforeAttention(
  { graph, weights }: GraphContext,
  { norms, attention }: LayerSpec,
  rotary: readonly RotaryTable[],
  residual: Residual,
): ProjectedRows {
  const table = attention.rotary === null ? null : rotary[attention.rotary]!;
  const input = residual.normalised(norms.beforeAttention);
  return projectRows(graph, weights, attention, table, input);
}

/**
 * Adds to the residual stream what a layer makes of its attention.
 *
 * @param attended `[new or rows, queryHeads · headSize]`
 * @param rows the tokens that go on from here, int32; null for all
 */
export function afterAttention(
  { graph, weights }: GraphContext,
  spec: LayerSpec,
  residual: Residual,
  attended: Value,
  rows: Value | null,
): void {
  const { afterAttention, beforeFeedForward, afterFeedForward } = spec.norms;
  const add = (spec: NormSpec | null, value: Value) =>
    residual.add(spec ? norm(graph, weights, spec, value) : value);
  const output = linear(graph, weights, spec.attention.output, attended);
  if (rows) residual.keep(rows);
  add(afterAttention, output);
  const input = residual.normalised(beforeFeedForward);
  add(afterFeedForward, feedForward(graph, weights, spec.feedForward, input));
}
