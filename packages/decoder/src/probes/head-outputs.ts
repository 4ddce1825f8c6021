import type { Probe } from '@namm/kv-cache';
import { names } from '../graph/names.js';
import type { LayerOutputs } from './probe-kind.js';

/**
 * One output per KV head of a layer.
 *
 * @param nameOf a kind of probe, or what else an output is called
 */
export function headOutputs(
  { outputs, layer, keyValueHeads }: LayerOutputs,
  nameOf: Probe['kind'] | ((layer: number, head: number) => string),
): Float32Array[] {
  return Array.from({ length: keyValueHeads }, (_, head) => {
    const name =
      typeof nameOf === 'string' ? names.probe(nameOf, layer, head) : nameOf(layer, head);
    return outputs.get(name)!;
  });
}
