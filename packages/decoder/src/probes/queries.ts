import { names } from '../graph/names.js';
import { headOutputs } from './head-outputs.js';
import type { ProbeKind, ProbeOf } from './probe-kind.js';

/** The queries of a pass before their rotation, per query head. */
export const queries: ProbeKind<ProbeOf<'queries'>> = {
  readsQueries: () => true,
  check: () => undefined,
  serves: () => true,
  build:
    (graph) =>
    ({ layer, head, ...at }) => {
      const name = names.probe('queries', layer, head);
      graph.output(name, at.queries(), 'float32', [`${name}.rows`, `${name}.size`]);
    },
  read: (layer) => [
    { kind: 'queries', queries: layer.count, heads: headOutputs(layer, 'queries') },
  ],
};
