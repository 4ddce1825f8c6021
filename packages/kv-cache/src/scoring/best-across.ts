import type { FloatArray } from '@namm/core';
import type { KeptSlots } from '../contracts/eviction-policy.js';
import { TopSlots } from './top-slots.js';

/**
 * The best rows of all heads of all layers together: one threshold for the whole cache, so that a head keeps as much
 * as it has of worth. Equal scores at the threshold are resolved in the order of layers, heads and slots.
 *
 * @param scores per layer and KV head, `[rows]`; `Infinity` for rows that stay in any case
 * @param count rows to keep, over all heads
 * @returns per layer and head the slots that stay, for {@link KVCache.keep}
 * @example
 * ```ts
 * cache.keep(bestAcross(scores, Math.floor(cache.memory().rows / 4)));
 * ```
 */
export function bestAcross(
  scores: readonly (readonly FloatArray[])[],
  count: number,
  top: TopSlots = new TopSlots(),
): KeptSlots[] {
  const rows = scores.flat().reduce((sum, { length }) => sum + length, 0);
  const all = new Float64Array(rows);
  let end = 0;
  for (const head of scores.flat()) {
    all.set(head, end);
    end += head.length;
  }
  const winners = top.select(all, rows, Math.min(count, rows));
  let [first, next] = [0, 0]; // row and winner
  return scores.map((heads) =>
    heads.map(({ length }) => {
      const start = next;
      while (next < winners.length && winners[next]! < first + length) next++;
      const slots = winners.slice(start, next).map((winner) => winner - first);
      first += length;
      return slots;
    }),
  );
}
