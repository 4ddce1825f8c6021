import type { FloatArray } from '@namm/core';
import type { KVCache } from '@namm/kv-cache';

/** Keeps the given positions per layer and head, as far as the cache still holds them. */
export function keepPositions(
  cache: KVCache,
  keep: readonly (readonly (readonly number[])[])[],
): void {
  cache.keep(
    keep.map((heads, layer) =>
      heads.map((positions, head) => {
        const wanted = new Set(positions);
        const slots: number[] = [];
        for (const [slot, position] of cache.positions(layer, head).entries()) {
          if (wanted.has(position)) slots.push(slot);
        }
        return Uint32Array.from(slots);
      }),
    ),
  );
}

/**
 * The attention of the last pass of one layer as `[queryHeads, new, seen]`: 0 where nothing is cached.
 *
 * @param heads what was observed, per KV head `[group, new, slots]`
 * @param count tokens of the pass
 */
export function denseAttention(
  cache: KVCache,
  heads: readonly FloatArray[],
  layer: number,
  count: number,
): Float32Array {
  const { queryHeads, keyValueHeads } = cache.shape.layers[layer]!;
  const group = queryHeads / keyValueHeads;
  const { seen } = cache;
  const dense = new Float32Array(queryHeads * count * seen);
  for (let query = 0; query < queryHeads; query++) {
    const head = Math.floor(query / group);
    const positions = cache.positions(layer, head);
    const rows = heads[head]!;
    for (let row = 0; row < count; row++) {
      const from = ((query % group) * count + row) * positions.length;
      const to = (query * count + row) * seen;
      for (const [slot, position] of positions.entries()) {
        dense[to + position] = rows[from + slot]!;
      }
    }
  }
  return dense;
}

/** Keys or values of one layer, `[keyValueHeads, length, headSize]`; heads of equal lengths. */
export function layerRows(cache: KVCache, layer: number, part: 'keys' | 'values'): Float32Array {
  const { keyValueHeads } = cache.shape.layers[layer]!;
  const heads = Array.from({ length: keyValueHeads }, (_, head) => cache[part](layer, head));
  const size = heads[0]!.length;
  const all = new Float32Array(size * keyValueHeads);
  for (const [head, rows] of heads.entries()) all.set(rows, head * size);
  return all;
}
