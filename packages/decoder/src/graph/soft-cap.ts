import type { GraphBuilder, Value } from '@namm/onnx';

/** c·tanh(x / c), or x itself when there is no cap. */
export function softCap(graph: GraphBuilder, cap: number | null, x: Value): Value {
  if (cap === null) return x;
  const size = graph.float32([cap]);
  return graph.node('Mul', [graph.node('Tanh', [graph.node('Div', [x, size])]), size]);
}
