import { float, type GraphBuilder, type Value } from '@namm/onnx';
import type { NormSpec } from '../spec/decoder-spec.js';
import type { Weights } from './weights.js';

/** Normalises `x [..., size]` over its last axis. */
export function norm(graph: GraphBuilder, weights: Weights, spec: NormSpec, x: Value): Value {
  const operator = spec.kind === 'rms' ? 'SimplifiedLayerNormalization' : 'LayerNormalization';
  const attributes = { axis: -1, epsilon: float(spec.epsilon) };
  return graph.node(operator, [x, ...parameters(graph, weights, spec)], { attributes });
}

/** Adds `x` and `y`, both `[rows, size]`, and normalises the sum. */
export function normOfSum(
  graph: GraphBuilder,
  weights: Weights,
  spec: NormSpec,
  x: Value,
  y: Value,
): { readonly sum: Value; readonly normalised: Value } {
  if (spec.kind === 'layer') {
    // The kernel that does both, SkipLayerNormalization, takes five times as long in version 1.30.0.
    const sum = graph.node('Add', [x, y]);
    return { sum, normalised: norm(graph, weights, spec, sum) };
  }
  const inputs = [x, y, ...parameters(graph, weights, spec)];
  const attributes = { epsilon: float(spec.epsilon) };
  const options = { domain: 'com.microsoft', attributes } as const;
  const outputs = graph.nodes('SkipSimplifiedLayerNormalization', inputs, 4, options); // the second and third stay empty on CPU
  return { sum: outputs[3]!, normalised: outputs[0]! };
}

function parameters(graph: GraphBuilder, weights: Weights, spec: NormSpec): Value[] {
  const stored = weights.get(spec.weight, [spec.size]);
  // The sum of two constants is folded when the session is made.
  const weight = spec.weightOffset
    ? graph.node('Add', [stored, graph.float32([spec.weightOffset])])
    : stored;
  return spec.bias ? [weight, weights.get(spec.bias, [spec.size])] : [weight];
}
