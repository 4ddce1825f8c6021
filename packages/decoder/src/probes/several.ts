import { InvalidArgumentError } from '@namm/core';
import type { Probe } from '@namm/kv-cache';
import type { ProbeKind, ProbeOf } from './probe-kind.js';

const allowed: readonly string[] = ['columnSums', 'columnMaxima', 'lastQueries', 'queries'];

/**
 * Some probes at once, for several policies that look on while one cache is read.
 *
 * @param kindOf what there is to know of each
 */
export function several(kindOf: (probe: Probe) => ProbeKind): ProbeKind<ProbeOf<'several'>> {
  return {
    readsQueries: ({ probes }) => probes.some((each) => kindOf(each).readsQueries?.(each)),
    check({ probes }) {
      if (!Array.isArray(probes) || probes.length === 0) {
        throw new InvalidArgumentError('probe.probes', 'is not a list of probes, one or more');
      }
      const kinds = new Set<string>();
      for (const [i, each] of probes.entries()) {
        const fail = (problem: string) => {
          throw new InvalidArgumentError(`probe.probes[${i}]`, problem);
        };
        if (!allowed.includes(each?.kind)) fail(`is none of ${allowed.join(', ')}`);
        if (kinds.has(each.kind)) fail(`is of kind '${each.kind}', as one before it`);
        kinds.add(each.kind);
        kindOf(each).check(each);
      }
    },
    serves: (offered, wanted) =>
      wanted.probes.every((each) => {
        const own = partFor(offered, each);
        return own !== null && kindOf(own).serves(own, each);
      }),
    build(graph, { probes }, order) {
      const reports = probes.map((each) => kindOf(each).build(graph, each, order));
      return (head) => {
        for (const report of reports) report(head);
      };
    },
    read: (layer, offered, wanted) =>
      wanted.probes.flatMap((each) => kindOf(each).read(layer, partFor(offered, each)!, each)),
  };
}

/** What of a probe tells a policy what it wants: one of several, or the probe itself; null where none is of the kind. */
export function partFor(offered: Probe, wanted: Probe): Probe | null {
  if (offered.kind === wanted.kind) return offered;
  if (offered.kind !== 'several') return null;
  return offered.probes.find(({ kind }) => kind === wanted.kind) ?? null;
}
