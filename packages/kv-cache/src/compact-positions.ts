import type { CacheShape } from './contracts/cache-shape.js';

/**
 * Whether the gaps that eviction leaves between positions can be closed, so that positions do not run out. This is the
 * only place that decides it.
 *
 * @param of the shape of a cache, or its option
 */
export function hasCompactPositions({ positions }: Pick<CacheShape, 'positions'>): boolean {
  return positions === 'compact';
}

/** 32-bit numbers beside keys and values of each row: its position, its token when that is another, its axes. */
export function marksPerRow(shape: CacheShape): number {
  return (hasCompactPositions(shape) ? 2 : 1) + (shape.positionAxes ?? 0);
}
