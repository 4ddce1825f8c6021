import type { CacheView } from './contracts/eviction-policy.js';

/**
 * The position that each old one becomes when the gaps are closed which no head holds any more:
 * `[nextPosition + 1]`, ascending; the last one is that of the next token. There is one map for all
 * layers, because a query has one position.
 *
 * Distances within the largest sliding window do not change: the newest positions that a query of a
 * windowed layer could see all stay, held or not, so that no token comes back into a window or leaves it
 * late. Rows that are outside of their window already do not count as held.
 */
export function closedPositions(view: CacheView): Int32Array {
  const { nextPosition, shape } = view;
  const held = new Uint8Array(nextPosition + 1);
  let largestWindow = 0;
  for (const [layer, { keyValueHeads, window }] of shape.layers.entries()) {
    const dead = window === null ? -1 : nextPosition - window;
    largestWindow = Math.max(largestWindow, window ?? 0);
    for (let head = 0; head < keyValueHeads; head++) {
      const positions = view.positions(layer, head);
      for (let i = positions.length - 1; i >= 0 && positions[i]! > dead; i--) {
        held[positions[i]!] = 1;
      }
    }
  }
  held.fill(1, Math.max(0, nextPosition - largestWindow));
  const closed = new Int32Array(nextPosition + 1);
  let next = 0;
  for (let position = 0; position < nextPosition; position++) {
    closed[position] = next;
    next += held[position]!;
  }
  closed[nextPosition] = next;
  return closed;
}
