import type { FloatArray } from '@namm/core';
import type { KeptSlots } from '../contracts/eviction-policy.js';
import { TopSlots } from './top-slots.js';

/**
 * The best rows of all heads of all layers together: one threshold for the whole cache, so that a head with more
 * valuable rows keeps more. Equal scores at the threshold are resolved in the order of layers, heads and slots.
 *
 * @param scores per layer and KV head, `[rows]`; `Infinity` for rows that always stay
 * @param count total number of rows to keep
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
  const lengths = scores.map((heads) => heads.map(({ length }) => length));
  return bestOfJoined(all, lengths, count, top);
}

/**
 * {@link bestAcross} for scores in one array.
 *
 * @param joined layer by layer, head by head
 * @param lengths rows per layer and head
 */
export function bestOfJoined(
  joined: Float64Array,
  lengths: readonly (readonly number[])[],
  count: number,
  top: TopSlots,
): KeptSlots[] {
  let rows = 0;
  for (const heads of lengths) for (const length of heads) rows += length;
  const winners = top.select(joined, rows, Math.min(count, rows));
  let [first, next] = [0, 0]; // row and winner
  return lengths.map((heads) =>
    heads.map((length) => {
      const start = next;
      while (next < winners.length && winners[next]! < first + length) next++;
      const slots = winners.subarray(start, next);
      for (let i = 0; i < slots.length; i++) slots[i]! -= first;
      first += length;
      return slots;
    }),
  );
}
