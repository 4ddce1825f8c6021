import type { KVCache } from '../kv-cache.js';
import { tokensHeld } from './run-pass.js';

/** Everything that can be seen of a cache. */
export function snapshot(cache: KVCache) {
  const heads = tokensHeld(cache).map((layer, l) =>
    layer.map((tokens, h) => ({
      tokens,
      positions: [...cache.positions(l, h)],
      keys: [...cache.keys(l, h)],
      values: [...cache.values(l, h)],
    })),
  );
  const { bytes, ...counts } = cache.memory();
  const { seen, nextPosition } = cache;
  return { seen, nextPosition, heads, counts, policy: bytes.policy };
}
