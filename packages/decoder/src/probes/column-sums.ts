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
      const name = names.probe(layer, head);
      const attributes = { keepdims: 0 };
      const sums = graph.node('ReduceSum', [probabilities, graph.int64([0])], { attributes });
      const mean = graph.node('Mul', [sums, graph.float32([1 / group])]);
      graph.output(name, mean, 'float32', [`${name}.slots`]);
    },
  read: (layer) => ({ kind: 'columnSums', heads: headOutputs(layer, names.probe) }),
};
