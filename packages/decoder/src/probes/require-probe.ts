import type { EvictionPolicy, Probe } from '@namm/kv-cache';
import { CacheUseError } from '../errors.js';
import { probeKind } from './probe-kinds.js';

/**
 * Checks that a graph provides the probe that a policy needs.
 *
 * @param offered what the graph reports
 * @param policy and its probe
 * @throws {CacheUseError} naming the probe that the decoder must be loaded with
 */
export function requireProbe(offered: Probe, { name, probe }: EvictionPolicy): void {
  if (probe.kind === 'none') return;
  if (offered.kind === probe.kind && probeKind(offered).serves(offered, probe)) return;
  throw new CacheUseError(
    `The policy '${name}' needs a probe of kind '${probe.kind}' that this decoder does not compute; load it with { probe: policy.probe }.`,
  );
}
