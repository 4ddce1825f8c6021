import { checkInteger } from '@namm/core';
import type { GraphBuilder, Value } from '@namm/onnx';
import { names } from '../graph/names.js';
import { headOutputs } from './head-outputs.js';
import type { ProbeKind, ProbeOf } from './probe-kind.js';

/** The attention rows of the last queries of a pass, per query head. */
export const lastQueries: ProbeKind<ProbeOf<'lastQueries'>> = {
  check: ({ count }) => checkInteger('probe.count', count, 1),
  serves: (offered, wanted) => offered.count >= wanted.count,
  build:
    (graph, { count }) =>
    ({ layer, head, group, probabilities }) => {
      const name = names.probe('lastQueries', layer, head);
      // Slicing from −count on clamps to the first row when the pass is shorter.
      const [start, end, axis] = [-count, 2 ** 53 - 1, 1].map((i) => graph.int64([i]));
      const perQuery = perQueryHead(graph, probabilities(), group);
      const rows = graph.node('Slice', [perQuery, start!, end!, axis!]);
      graph.output(name, rows, 'float32', [group, `${name}.rows`, `${name}.slots`]);
    },
  read(layer, offered, wanted) {
    const offeredRows = Math.min(offered.count, layer.count);
    const rows = Math.min(wanted.count, layer.count);
    const heads = headOutputs(layer, 'lastQueries');
    const last = heads.map((head) => lastRows(head, layer.group, offeredRows, rows));
    return [{ kind: 'lastQueries', rows, heads: last }];
  },
  observe: {
    takes: () => true,
    read(attention, { count, group }, wanted) {
      const rows = Math.min(wanted.count, count);
      const heads = attention.map((head) => lastRows(head, group, count, rows).slice());
      return { kind: 'lastQueries', rows, heads };
    },
  },
};

/** `[group · new, slots]` → `[group, new, slots]`. */
function perQueryHead(graph: GraphBuilder, probabilities: Value, group: number): Value {
  const slots = graph.node('Shape', [probabilities], { attributes: { start: 1, end: 2 } });
  const shape = graph.node('Concat', [graph.int64([group, -1]), slots], {
    attributes: { axis: 0 },
  });
  return graph.node('Reshape', [probabilities, shape]);
}

/** The last `rows` of `[group, available, slots]`, per query head. */
function lastRows(all: Float32Array, group: number, available: number, rows: number): Float32Array {
  if (rows === available) return all;
  const slots = all.length / (group * available);
  const result = new Float32Array(group * rows * slots);
  for (let query = 0; query < group; query++) {
    const end = (query + 1) * available * slots;
    result.set(all.subarray(end - rows * slots, end), query * rows * slots);
  }
  return result;
}
