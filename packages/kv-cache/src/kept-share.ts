import type { CacheMemory } from './contracts/cache-memory.js';

/**
 * Rows held divided by tokens seen; mean over layers and heads.
 *
 * @param memory of a cache that has seen at least one token
 * @returns between 0 and 1
 * @example
 * ```ts
 * keptShare(cache.memory()); // 0.25 under a budget of '25%'
 * ```
 */
export function keptShare({ rows, seen, keptPerHead }: CacheMemory): number {
  return rows / (keptPerHead.flat().length * seen);
}
