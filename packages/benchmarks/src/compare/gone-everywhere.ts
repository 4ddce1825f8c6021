import type { KVCache } from '@namm/kv-cache';

/** Share of the tokens read that no head of a cache holds any more: the global eviction ratio. */
export function goneEverywhere(cache: KVCache): number {
  if (cache.seen === 0) return 0;
  const isHeld = new Uint8Array(cache.seen);
  for (const [layer, { keyValueHeads }] of cache.shape.layers.entries()) {
    for (let head = 0; head < keyValueHeads; head++) {
      for (const token of cache.tokens(layer, head)) isHeld[token] = 1;
    }
  }
  return 1 - isHeld.reduce((sum, held) => sum + held, 0) / cache.seen;
}
