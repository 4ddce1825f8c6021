import type { Probe } from '@namm/kv-cache';

/** Whether a graph that reports `offered` tells a policy all it asks for. */
export function probeServes(offered: Probe, wanted: Probe): boolean {
  if (wanted.kind === 'none') return true;
  if (wanted.kind === 'lastQueries') {
    return offered.kind === 'lastQueries' && offered.count >= wanted.count;
  }
  return offered.kind === wanted.kind;
}
