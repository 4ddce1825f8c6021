import type { EvictionPolicy, Observation, Probe } from '@namm/kv-cache';
import type { AttentionSpec } from '../spec/decoder-spec.js';
import { probeKind } from './probe-kinds.js';
import { partFor } from './several.js';

/** What a session gave of one layer. */
export interface AttentionOutputs {
  readonly outputs: ReadonlyMap<string, Float32Array>;
  /** As the graph calls it. */
  readonly layer: number;
  readonly attention: AttentionSpec;
  /** New tokens of the pass. */
  readonly count: number;
}

/**
 * The probe of one layer in one pass as a policy wants it.
 *
 * @param given what the session gave
 * @param offered what the graph reports
 * @param policy that looks at it; `offered` serves its probe
 * @returns one observation for each thing that the policy asks for
 */
export function readObservations(
  { outputs, layer, attention, count }: AttentionOutputs,
  offered: Probe,
  { probe: wanted }: EvictionPolicy,
): Observation[] {
  const { keyValueHeads, queryHeads } = attention;
  const group = queryHeads / keyValueHeads;
  const given = { outputs, layer, keyValueHeads, group, count };
  return probeKind(wanted).read(given, partFor(offered, wanted) ?? offered, wanted);
}
