import type { KVCache } from '../kv-cache.js';
import { heldPositions } from './run-pass.js';

/** Everything that can be seen of a cache. */
export function snapshot(cache: KVCache) {
  const heads = heldPositions(cache).map((layer, l) =>
    layer.map((positions, h) => ({
      positions,
      keys: [...cache.keys(l, h)],
      values: [...cache.values(l, h)],
    })),
  );
  const { bytes, ...counts } = cache.memory();
  return { seen: cache.seen, heads, counts, policy: bytes.policy };
}
