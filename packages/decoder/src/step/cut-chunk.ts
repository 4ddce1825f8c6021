import type { KVCache, LayerRows } from '@namm/kv-cache';
import type { Continued } from './past-inputs.js';

/** Tokens of a part at least: with fewer, its nodes cost as much as the cut saves. */
const fewestTokens = 64;

/**
 * Cuts the new tokens of one sequence in parts, each of which reads the rows of those before it as if they were cached. So
 * most of what a mask would hide is not computed, and the scores of a part stay in a processor's cache.
 *
 * @param cache of the sequence: without forks, in float32
 * @param rows new keys and values of one layer
 * @param count new tokens
 * @param sizes how many parts there can be, descending
 * @returns the parts; one where the chunk is short
 */
export function cutChunk(
  cache: KVCache,
  rows: LayerRows,
  count: number,
  sizes: readonly number[],
): Continued[] {
  const parts = sizes.find((size) => count >= size * fewestTokens) ?? 1;
  const bounds = Array.from({ length: parts + 1 }, (_, i) => Math.floor((i * count) / parts));
  return bounds.slice(1).map((end, i) => {
    const first = bounds[i]!;
    return { cache, count: end - first, before: { rows, count: first, total: count } };
  });
}
