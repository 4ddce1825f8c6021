import type { CacheView } from './contracts/eviction-policy.js';

/** What counts as a gap: positions that nobody holds, or, for each head, positions that it does not hold. */
export type GapScope = 'sequence' | 'head';
export const gapScopes = ['sequence', 'head'] as const satisfies readonly GapScope[];

/** New positions after closing gaps. */
export interface ClosedPositions {
  /** Position of the next token. */
  readonly next: number;
  /** New positions of the rows of a head, from its old ones. */
  of(positions: Int32Array): Int32Array;
}

/**
 * The positions that rows have when gaps are closed.
 *
 * Distances within the largest sliding window do not change: the newest positions that a query of a
 * windowed layer could see all stay, held or not, so that no token comes back into a window or leaves it
 * late. Rows that are outside of their window already do not count as held.
 */
export function closedPositions(view: CacheView, scope: GapScope): ClosedPositions {
  return scope === 'head' ? closedInHeads(view) : closedTogether(view);
}

/** One map for all heads: what no head holds is won. */
function closedTogether(view: CacheView): ClosedPositions {
  const { nextPosition } = view;
  const held = new Uint8Array(nextPosition + 1);
  forEachHead(view, (positions) => {
    for (const position of positions) held[position] = 1;
  });
  held.fill(1, Math.max(0, nextPosition - largestWindow(view)));
  const closed = new Int32Array(nextPosition + 1);
  let next = 0;
  for (let position = 0; position < nextPosition; position++) {
    closed[position] = next;
    next += held[position]!;
  }
  return { next, of: (positions) => positions.map((position) => closed[position]!) };
}

/**
 * Every head for itself: the rows of the fullest head, and the largest window, say what is needed. Rows keep their
 * distance to the next token, except those for which that leaves no room before them.
 */
function closedInHeads(view: CacheView): ClosedPositions {
  const { nextPosition } = view;
  const edge = Math.max(0, nextPosition - largestWindow(view));
  let before = 0;
  forEachHead(view, (positions) => {
    let older = positions.length;
    while (older > 0 && positions[older - 1]! >= edge) older--;
    before = Math.max(before, older);
  });
  const next = before + nextPosition - edge;
  const won = nextPosition - next;
  return { next, of: (positions) => positions.map((position, i) => Math.max(i, position - won)) };
}

/** @param visit is told the positions of rows that are not outside of their window */
function forEachHead(view: CacheView, visit: (positions: Int32Array) => void): void {
  for (const [layer, { keyValueHeads, window }] of view.shape.layers.entries()) {
    const dead = window === null ? -1 : view.nextPosition - window;
    for (let head = 0; head < keyValueHeads; head++) {
      const positions = view.positions(layer, head);
      let first = 0;
      while (first < positions.length && positions[first]! <= dead) first++;
      visit(positions.subarray(first));
    }
  }
}

function largestWindow({ shape }: CacheView): number {
  return Math.max(0, ...shape.layers.map(({ window }) => window ?? 0));
}
