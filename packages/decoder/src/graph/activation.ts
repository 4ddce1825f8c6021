import { float, type GraphBuilder, type Value } from '@namm/onnx';
import type { ActivationName } from '../spec/decoder-spec.js';

/** The activation function of that name, or x·sigmoid(α x) of a factor α, element by element. */
export function activation(
  graph: GraphBuilder,
  name: ActivationName | { readonly swish: number },
  x: Value,
): Value {
  if (typeof name === 'object') return sigmoidUnit(graph, x, name.swish);
  switch (name) {
    case 'silu':
      return sigmoidUnit(graph, x, 1);
    case 'quick-gelu':
      return sigmoidUnit(graph, x, 1.702);
    case 'gelu':
      return graph.node('Gelu', [x]);
    case 'gelu-tanh':
      return graph.node('Gelu', [x], { attributes: { approximate: 'tanh' } });
    case 'relu':
      return graph.node('Relu', [x]);
  }
}

/** x·sigmoid(α x), in one kernel. */
function sigmoidUnit(graph: GraphBuilder, x: Value, alpha: number): Value {
  const attributes = { alpha: float(alpha) };
  return graph.node('QuickGelu', [x], { domain: 'com.microsoft', attributes });
}
