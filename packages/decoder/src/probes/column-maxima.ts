import { names } from '../graph/names.js';
import { headOutputs } from './head-outputs.js';
import type { ProbeKind, ProbeOf } from './probe-kind.js';

/** The largest attention that each cached token received from any query of any query head of the group. */
export const columnMaxima: ProbeKind<ProbeOf<'columnMaxima'>> = {
  check: () => undefined,
  serves: () => true,
  build:
    (graph) =>
    ({ layer, head, probabilities }) => {
      const name = names.probe('columnMaxima', layer, head);
      const attributes = { keepdims: 0 };
      const maxima = graph.node('ReduceMax', [probabilities(), graph.int64([0])], { attributes });
      graph.output(name, maxima, 'float32', [`${name}.slots`]);
    },
  read: (layer) => [{ kind: 'columnMaxima', heads: headOutputs(layer, 'columnMaxima') }],
  observe: {
    takes: () => true,
    read: (attention, { count, group }) => ({
      kind: 'columnMaxima',
      heads: attention.map((rows) => maximaOf(rows, group * count)),
    }),
  },
};

function maximaOf(rows: Float32Array, count: number): Float32Array {
  const slots = rows.length / count;
  const maxima = rows.slice(0, slots);
  for (let i = slots, slot = 0; i < rows.length; i++, slot++) {
    if (slot === slots) slot = 0;
    maxima[slot] = Math.max(maxima[slot]!, rows[i]!);
  }
  return maxima;
}
