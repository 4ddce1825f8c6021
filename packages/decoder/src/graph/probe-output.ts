import type { Probe } from '@namm/kv-cache';
import type { GraphBuilder, Value } from '@namm/onnx';

/**
 * Reduces the attention of one KV head to what the probe asks for, and makes that an output of the graph.
 *
 * @param probabilities `[group, new, slots]`, slots counting past and new tokens
 * @param group query heads that share this KV head
 */
export function probeOutput(
  graph: GraphBuilder,
  probe: Probe,
  name: string,
  probabilities: Value,
  group: number,
): void {
  switch (probe.kind) {
    case 'none':
      return;
    case 'columnSums': {
      const attributes = { keepdims: 0 };
      const sums = graph.node('ReduceSum', [probabilities, graph.int64([0, 1])], { attributes });
      const mean = graph.node('Mul', [sums, graph.float32([1 / group])]);
      graph.output(name, mean, 'float32', [`${name}.slots`]);
      return;
    }
    case 'lastQueries': {
      // Slicing from −count on clamps to the first row when the pass is shorter.
      const [start, end, axis] = [-probe.count, 2 ** 53 - 1, 1].map((i) => graph.int64([i]));
      const rows = graph.node('Slice', [probabilities, start!, end!, axis!]);
      graph.output(name, rows, 'float32', [group, `${name}.rows`, `${name}.slots`]);
    }
  }
}
