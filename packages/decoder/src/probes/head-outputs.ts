import type { LayerOutputs } from './probe-kind.js';

/** One output per KV head of a layer. */
export function headOutputs(
  { outputs, layer, keyValueHeads }: LayerOutputs,
  nameOf: (layer: number, head: number) => string,
): Float32Array[] {
  return Array.from({ length: keyValueHeads }, (_, head) => outputs.get(nameOf(layer, head))!);
}
