import { TopSlots } from '@namm/kv-cache';

/** How scores become decisions; see {@link selectSlots}. */
export type SelectionSemantics = 'exact' | 'reference';

/** Which rows stay whatever their score, and how many may stay. */
export interface SelectionLimits {
  /** Newest rows of each head that stay; at least 1. */
  readonly tail: number;
  /** Rows that each head may keep; those with the highest scores stay. */
  readonly slots: number;
}

const top = new TopSlots();

/**
 * Chooses the rows of one layer from their scores.
 *
 * - `exact`: each head keeps its rows scored 0 or more.
 * - `reference`, as in the published code: n is the largest number of rows scored 0 or more in any head of the layer,
 *   and every head keeps its n highest. Some heads therefore keep rows below 0, which stay visible and are scored again
 *   at the next update.
 *
 * Of equal scores at a cut the oldest stay. −0 is 0.
 *
 * @param scores per KV head, oldest row first; Infinity for rows that always stay
 * @returns per KV head ascending slots
 */
export function selectSlots(
  scores: readonly Float64Array[],
  semantics: SelectionSemantics,
  { tail, slots }: SelectionLimits,
): Uint32Array[] {
  const wanted = scores.map((own) => countWanted(own, tail));
  const most = semantics === 'reference' ? Math.max(...wanted) : 0;
  return scores.map((own, head) => {
    const count = Math.min(own.length, slots, Math.max(wanted[head]!, most));
    const protectedRows = Math.min(tail, count);
    return top.select(own, own.length - protectedRows, count - protectedRows, protectedRows);
  });
}

function countWanted(scores: Float64Array, tail: number): number {
  let count = 0;
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! >= 0 || i >= scores.length - tail) count++;
  }
  return count;
}
