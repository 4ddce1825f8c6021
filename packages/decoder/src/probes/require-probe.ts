import type { EvictionPolicy, Probe } from '@namm/kv-cache';
import { CacheUseError } from '../errors.js';
import { probeKind } from './probe-kinds.js';
import { partFor } from './several.js';

/**
 * Checks that a graph provides the probe that a policy needs.
 *
 * @param offered what the graph reports
 * @param policy and its probe
 * @throws {CacheUseError} naming the probe that the decoder must be loaded with
 */
export function requireProbe(offered: Probe, { name, probe }: EvictionPolicy): void {
  if (probe.kind === 'none') return;
  const part = partFor(offered, probe);
  if (part && probeKind(part).serves(part, probe)) return;
  throw new CacheUseError(
    `The policy '${name}' needs a probe of kind '${probe.kind}' that this decoder does not compute; load it with { probe: policy.probe }.`,
  );
}
