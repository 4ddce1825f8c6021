import type { Decoder } from '@namm/decoder';
import type { KVCache } from '@namm/kv-cache';

/** A cache with the same rows in memory of its own, which a fork has not. */
export async function copyCache(prompt: KVCache, decoder: Decoder): Promise<KVCache> {
  const rows = prompt.shape.layers.map(({ keyValueHeads }, layer) => {
    const heads = Array.from({ length: keyValueHeads }, (_, head) => head);
    return {
      keys: joined(heads.map((head) => prompt.keys(layer, head))),
      values: joined(heads.map((head) => prompt.values(layer, head))),
    };
  });
  const cache = decoder.createCache();
  await cache.update({ count: prompt.seen, rows, observations: [] });
  return cache;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
