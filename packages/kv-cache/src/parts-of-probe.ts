import type { Probe } from './contracts/probe.js';

/** What a probe asks for, one thing at a time: `several` are those they are, `none` is nothing, and any other is itself. */
export function partsOfProbe(
  probe: Probe,
): readonly Exclude<Probe, { kind: 'none' | 'several' }>[] {
  if (probe.kind === 'several') return probe.probes;
  return probe.kind === 'none' ? [] : [probe];
}
