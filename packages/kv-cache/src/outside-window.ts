import type { CacheView, EvictionPolicy, KeptSlots } from './eviction-policy.js';
import { slotRange } from './slot-range.js';

/**
 * The slots to keep so that the rows of sliding-window layers go which no later query can see: a query at
 * position p ≥ seen sees keys at positions above p − window, so rows at or below seen − window are dead.
 *
 * With a policy that keeps everything the dead rows go in batches of an eighth of the window, because
 * dropping one row per token would move the whole window per token.
 */
export function outsideWindow(view: CacheView, policy: EvictionPolicy): (KeptSlots | null)[] {
  return view.shape.layers.map(({ window, keyValueHeads }, layer) => {
    if (window === null) return null;
    const batch = policy.keepsEverything === true ? Math.ceil(window / 8) : 1;
    const dead = Array.from({ length: keyValueHeads }, (_, head) =>
      countUpTo(view.positions(layer, head), view.seen - window),
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
