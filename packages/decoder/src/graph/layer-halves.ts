import type { Value } from '@namm/onnx';
import type {
  AttentionLayerSpec,
  ConvolutionLayerSpec,
  LayerSpec,
  NormSpec,
} from '../spec/decoder-spec.js';
import type { Convolutions } from './convolution.js';
import { feedForward } from './feed-forward.js';
import type { GraphContext } from './graph-context.js';
import { linear } from './linear.js';
import { norm } from './norm.js';
import { type ProjectedRows, projectRows, type RotaryTable } from './project.js';
import type { Residual } from './residual.js';

/** What a layer does with each token before its attention. */
export function beforeAttention(
  { graph, weights }: GraphContext,
  { norms, attention }: AttentionLayerSpec,
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
  context: GraphContext,
  spec: AttentionLayerSpec,
  residual: Residual,
  attended: Value,
  rows: Value | null,
): void {
  const { graph, weights } = context;
  const output = linear(graph, weights, spec.attention.output, attended);
  secondHalf(context, spec, residual, output, rows);
}

/**
 * A whole layer without rows.
 *
 * @param index among the convolutions of the model
 * @param rows the tokens that go on from here, int32; null for all
 */
export function convolutionLayer(
  context: GraphContext,
  spec: ConvolutionLayerSpec,
  residual: Residual,
  convolutions: Convolutions,
  index: number,
  rows: Value | null,
): void {
  const { graph, weights } = context;
  const input = residual.normalised(spec.norms.beforeAttention);
  const mixed = convolutions.apply(spec.convolution, index, input);
  const wanted = rows ? graph.node('Gather', [mixed, rows]) : mixed;
  const output = linear(graph, weights, spec.convolution.output, wanted);
  secondHalf(context, spec, residual, output, rows);
}

/** What a layer does with the output of its first half. */
function secondHalf(
  { graph, weights }: GraphContext,
  spec: LayerSpec,
  residual: Residual,
  output: Value,
  rows: Value | null,
): void {
  const { afterAttention, beforeFeedForward, afterFeedForward } = spec.norms;
  const add = (spec: NormSpec | null, value: Value) =>
    residual.add(spec ? norm(graph, weights, spec, value) : value);
  if (rows) residual.keep(rows);
  add(afterAttention, output);
  const input = residual.normalised(beforeFeedForward);
  add(afterFeedForward, feedForward(graph, weights, spec.feedForward, input));
}
