import type { Probe } from '@namm/kv-cache';
import type { GraphBuilder, Value } from '@namm/onnx';
import { names } from '../graph/names.js';
import { type SpectrumInputs, spectrumOutput } from './spectrum-output.js';

/** What a graph reports of the attention, and the inputs that takes. */
export type ProbeContext =
  | Exclude<Probe, { kind: 'spectrum' }>
  | { readonly kind: 'spectrum'; readonly inputs: SpectrumInputs };

/**
 * Reduces the attention of one KV head to what the probe asks for, and makes that an output of the graph.
 *
 * @param probabilities `[group · new, slots]`, slots counting past and new tokens
 * @param group query heads that share this KV head
 */
export function probeOutput(
  graph: GraphBuilder,
  probe: ProbeContext,
  at: { readonly layer: number; readonly head: number },
  probabilities: Value,
  group: number,
): void {
  const name = names.probe(at.layer, at.head);
  switch (probe.kind) {
    case 'none':
      return;
    case 'columnSums': {
      const attributes = { keepdims: 0 };
      const sums = graph.node('ReduceSum', [probabilities, graph.int64([0])], { attributes });
      const mean = graph.node('Mul', [sums, graph.float32([1 / group])]);
      graph.output(name, mean, 'float32', [`${name}.slots`]);
      return;
    }
    case 'lastQueries': {
      // Slicing from −count on clamps to the first row when the pass is shorter.
      const [start, end, axis] = [-probe.count, 2 ** 53 - 1, 1].map((i) => graph.int64([i]));
      const perQuery = perQueryHead(graph, probabilities, group);
      const rows = graph.node('Slice', [perQuery, start!, end!, axis!]);
      graph.output(name, rows, 'float32', [group, `${name}.rows`, `${name}.slots`]);
      return;
    }
    case 'spectrum':
      spectrumOutput(graph, probe.inputs, at, probabilities, group);
  }
}

/** `[group · new, slots]` → `[group, new, slots]`. */
function perQueryHead(graph: GraphBuilder, probabilities: Value, group: number): Value {
  const slots = graph.node('Shape', [probabilities], { attributes: { start: 1, end: 2 } });
  const shape = graph.node('Concat', [graph.int64([group, -1]), slots], {
    attributes: { axis: 0 },
  });
  return graph.node('Reshape', [probabilities, shape]);
}
