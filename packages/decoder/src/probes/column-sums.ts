import { names } from '../graph/names.js';
import { headOutputs } from './head-outputs.js';
import type { ProbeKind, ProbeOf } from './probe-kind.js';

/** The attention that each cached token received, summed over queries and averaged over the group. */
export const columnSums: ProbeKind<ProbeOf<'columnSums'>> = {
  check: () => undefined,
  serves: () => true,
  build:
    (graph) =>
    ({ layer, head, group, probabilities }) => {
      const name = names.probe('columnSums', layer, head);
      const attributes = { keepdims: 0 };
      const sums = graph.node('ReduceSum', [probabilities(), graph.int64([0])], { attributes });
      const mean = graph.node('Mul', [sums, graph.float32([1 / group])]);
      graph.output(name, mean, 'float32', [`${name}.slots`]);
    },
  read: (layer) => [{ kind: 'columnSums', heads: headOutputs(layer, 'columnSums') }],
  observe: {
    takes: () => true,
    read: (attention, { count, group }) => ({
      kind: 'columnSums',
      heads: attention.map((rows) => meansOf(rows, count, group)),
    }),
  },
};

function meansOf(rows: Float32Array, count: number, group: number): Float32Array {
  const slots = rows.length / (group * count);
  const sums = rows.slice(0, slots);
  for (let i = slots, slot = 0; i < rows.length; i++, slot++) {
    if (slot === slots) slot = 0;
    sums[slot]! += rows[i]!;
  }
  return group === 1 ? sums : sums.map((sum) => sum / group);
}
