import { float, type GraphBuilder, type Value } from '@namm/onnx';
import type { NormSpec } from '../decoder-spec.js';
import type { Weights } from './weights.js';

/** Normalises `x [..., size]` over its last axis. */
export function norm(graph: GraphBuilder, weights: Weights, spec: NormSpec, x: Value): Value {
  const stored = weights.get(spec.weight, [spec.size]);
  // The sum of two constants is folded when the session is made.
  const weight = spec.weightOffset
    ? graph.node('Add', [stored, graph.float32([spec.weightOffset])])
    : stored;
  const attributes = { axis: -1, epsilon: float(spec.epsilon) };
  if (spec.kind === 'rms') {
    return graph.node('SimplifiedLayerNormalization', [x, weight], { attributes });
  }
  const bias = spec.bias ? weights.get(spec.bias, [spec.size]) : null;
  return graph.node('LayerNormalization', [x, weight, bias], { attributes });
}
