import type { Observation, Probe } from '@namm/kv-cache';
import type { BackboneSpec } from '../spec/decoder-spec.js';
import { probeKind } from './probe-kinds.js';

/**
 * The probes of one forward pass as a policy wants them.
 *
 * @param outputs of the session
 * @param spec the model
 * @param offered what the graph reports
 * @param wanted what the policy asks for; `offered` serves it
 * @param count new tokens of the pass
 * @returns one per layer; none where the policy asks for nothing
 */
export function readObservations(
  outputs: ReadonlyMap<string, Float32Array>,
  { layers }: BackboneSpec,
  offered: Probe,
  wanted: Probe,
  count: number,
): Observation[] {
  const { read } = probeKind(wanted);
  const observations = layers.map(({ attention: { keyValueHeads, queryHeads } }, layer) =>
    read(
      { outputs, layer, keyValueHeads, group: queryHeads / keyValueHeads, count },
      offered,
      wanted,
    ),
  );
  return observations.filter((observation) => observation !== null);
}
