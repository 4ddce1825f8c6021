import type { CacheView, KeptSlots } from './contracts/eviction-policy.js';
import { slotRange } from './slot-range.js';

/**
 * The slots to keep so that the rows of sliding-window layers go which no later query can see: a query at
 * position p ≥ nextPosition sees keys at positions above p − window, so rows at or below
 * nextPosition − window are dead.
 *
 * @param inBatches whether they go only when an eighth of the window is dead: under a policy that keeps
 * everything, dropping one row per token would move the whole window per token
 */
export function outsideWindow(view: CacheView, inBatches: boolean): (KeptSlots | null)[] {
  return view.shape.layers.map(({ window, keyValueHeads }, layer) => {
    if (window === null) return null;
    const batch = inBatches ? Math.ceil(window / 8) : 1;
    const dead = Array.from({ length: keyValueHeads }, (_, head) =>
      countUpTo(view.positions(layer, head), view.nextPosition - window),
    );
    if (dead.every((count) => count < batch)) return null;
    return dead.map((count, head) => slotRange(count, view.length(layer, head)));
  });
}

/** How many of the ascending positions are at most `last`. */
function countUpTo(positions: Int32Array, last: number): number {
  let count = 0;
  while (count < positions.length && positions[count]! <= last) count++;
  return count;
}
