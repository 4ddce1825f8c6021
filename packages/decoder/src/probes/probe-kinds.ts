import { InvalidArgumentError } from '@namm/core';
import type { Probe } from '@namm/kv-cache';
import { columnMaxima } from './column-maxima.js';
import { columnSums } from './column-sums.js';
import { lastQueries } from './last-queries.js';
import { none } from './none.js';
import type { ProbeKind, ProbeOf } from './probe-kind.js';
import { queries } from './queries.js';
import { several } from './several.js';
import { spectrum } from './spectrum.js';

const kinds: { readonly [Kind in Probe['kind']]: ProbeKind<ProbeOf<Kind>> } = {
  none,
  columnSums,
  columnMaxima,
  lastQueries,
  queries,
  several: several(probeKind),
  spectrum,
};

/** What the decoder knows of a probe that was checked. */
export function probeKind(probe: Probe): ProbeKind {
  return kinds[probe.kind] as ProbeKind;
}

/** Whether a probe asks for queries before their rotation. */
export function readsQueries(probe: Probe): boolean {
  return probeKind(probe).readsQueries?.(probe) ?? false;
}

/** @throws {InvalidArgumentError} when it is not a probe, naming the invalid part */
export function checkProbe(probe: Probe): void {
  if (typeof probe === 'object' && probe !== null && Object.hasOwn(kinds, probe.kind)) {
    probeKind(probe).check(probe);
    return;
  }
  const form = typeof probe === 'string' ? `; write { kind: '${probe}' }` : '';
  const known = Object.keys(kinds).join(', ');
  const problem = `${JSON.stringify(probe)} is not a probe${form}; its kinds are ${known}`;
  throw new InvalidArgumentError('probe', problem);
}
