import type { GraphBuilder, Value } from '@namm/onnx';

/** Cuts a value along its first axis into parts of equal size. */
export function splitEqually(graph: GraphBuilder, whole: Value, count: number): Value[] {
  if (count === 1) return [whole];
  return graph.nodes('Split', [whole], count, { attributes: { axis: 0, num_outputs: count } });
}
