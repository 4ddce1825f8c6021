import type { FloatArray, Observation, Probe } from '@namm/kv-cache';
import { names } from '../graph/names.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';

/**
 * The probes of one forward pass as a policy wants them, one per layer.
 *
 * @param outputs of the session
 * @param spec the model
 * @param offered what the graph reports
 * @param wanted what the policy asks for; `offered` serves it
 * @param count new tokens of the pass
 */
export function readObservations(
  outputs: ReadonlyMap<string, Float32Array>,
  spec: DecoderSpec,
  offered: Probe,
  wanted: Probe,
  count: number,
): Observation[] {
  if (wanted.kind === 'none') return [];
  return spec.layers.map(({ attention }, layer) => {
    const heads = Array.from(
      { length: attention.keyValueHeads },
      (_, head) => outputs.get(names.probe(layer, head))!,
    );
    if (wanted.kind === 'columnSums') return { kind: 'columnSums', heads };
    if (wanted.kind === 'spectrum') {
      const spectra = heads.map((_, head) => outputs.get(names.spectrum(layer, head))!);
      return { kind: 'spectrum', queries: count, spectra, heads };
    }
    const offeredRows = offered.kind === 'lastQueries' ? Math.min(offered.count, count) : 0;
    const rows = Math.min(wanted.count, count);
    const group = attention.queryHeads / attention.keyValueHeads;
    const last = (head: Float32Array) => lastRows(head, group, offeredRows, rows);
    return { kind: 'lastQueries', rows, heads: heads.map(last) };
  });
}

/** The last `rows` of `[group, available, slots]`, per query head. */
function lastRows(all: Float32Array, group: number, available: number, rows: number): FloatArray {
  if (rows === available) return all;
  const slots = all.length / (group * available);
  const result = new Float32Array(group * rows * slots);
  for (let query = 0; query < group; query++) {
    const end = (query + 1) * available * slots;
    result.set(all.subarray(end - rows * slots, end), query * rows * slots);
  }
  return result;
}
