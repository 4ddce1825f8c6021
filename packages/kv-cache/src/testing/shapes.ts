import fc from 'fast-check';
import type { CacheShape } from '../contracts/cache-shape.js';

/** A small shape with layers that are alike. */
export function shapeOf(
  layers = 2,
  keyValueHeads = 2,
  group = 2,
  headSize = 4,
  window: number | null = null,
): CacheShape {
  const layer = { keyValueHeads, queryHeads: keyValueHeads * group, headSize, window };
  return { model: 'toy', layers: Array.from({ length: layers }, () => layer) };
}

/** Sizes of successive passes: some chunks, then single tokens; few enough to be quick. */
export const passSizes = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 0, max: 6 }),
  )
  .map(([chunks, singles]) => [...chunks, ...new Array<number>(singles).fill(1)]);

/** Tokens of all passes together. */
export function totalOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
