import { isDeepStrictEqual } from 'node:util';
import type { EvictionPolicy, Probe } from '@namm/kv-cache';
import { CacheUseError } from '../errors.js';

/** Whether a graph that reports `offered` tells a policy all it asks for. */
function probeServes(offered: Probe, wanted: Probe): boolean {
  if (wanted.kind === 'none') return true;
  if (wanted.kind === 'lastQueries') {
    return offered.kind === 'lastQueries' && offered.count >= wanted.count;
  }
  return isDeepStrictEqual(offered, wanted);
}

/**
 * Checks that a graph tells a policy all it asks for.
 *
 * @throws {CacheUseError} naming the probe that the decoder has to be loaded with
 */
export function requireProbe(offered: Probe, { name, probe }: EvictionPolicy): void {
  if (probeServes(offered, probe)) return;
  throw new CacheUseError(
    `The policy '${name}' needs a probe of kind '${probe.kind}' that this decoder does not compute; load it with { probe: policy.probe }.`,
  );
}
