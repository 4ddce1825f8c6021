import type { CacheMemory, KVCache } from '@namm/kv-cache';
import { type RowKind, rowKindsOf } from '../row-kinds.js';

/** What an episode holds, and the memory that takes. */
export interface EpisodeMemory extends CacheMemory {
  /** Rows held of each kind, summed over layers and KV heads. */
  readonly keptByKind: Readonly<Record<RowKind, number>>;
  /** Bytes of the steps that are kept as input: the last one, or a window. */
  readonly stepBytes: number;
}

/** The report of a cache, with its rows by kind. */
export function episodeMemory(cache: KVCache, stepBytes: number): EpisodeMemory {
  const kinds = rowKindsOf(cache.shape);
  const keptByKind = { return: 0, state: 0, action: 0 };
  const memory = cache.memory();
  for (const [layer, heads] of memory.keptPerHead.entries()) {
    for (const [head, rows] of heads.entries()) {
      if (rows === 0) continue; // a released cache cannot be read
      for (const token of cache.tokens(layer, head)) keptByKind[kinds[token % kinds.length]!]++;
    }
  }
  return { ...memory, keptByKind, stepBytes };
}
