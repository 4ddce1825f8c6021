import fc from 'fast-check';
import { expect, it } from 'vitest';
import { completedFrames, frameWeights, pendingRows } from './frame-grid.js';

it('counts frames and rows on an absolute grid', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.nat(3000), (seen, queries) => {
      const frames = Array.from({ length: queries }, (_, i) => seen + i + 1);
      expect(completedFrames(seen, queries)).toBe(frames.filter((end) => end % 16 === 0).length);
      const rows = pendingRows(seen) + queries - 16 * completedFrames(seen, queries);
      expect(pendingRows(seen + queries)).toBe(rows);
    }),
  );
});

it('weighs frames as the recursion does, for any split', () => {
  const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
  for (const frames of [0, 1, 2, 32]) {
    // Constant magnitudes of 1 converge to 1.
    expect(sum(frameWeights(frames, 0.99)) + 0.99 ** (16 * frames)).toBeCloseTo(1, 12);
  }
  const [first, second, third] = frameWeights(3, 0.99);
  const [later, last] = frameWeights(2, 0.99);
  expect(second).toBeCloseTo(later!, 15);
  expect(third).toBe(last);
  expect(first).toBeCloseTo(frameWeights(1, 0.99)[0]! * 0.99 ** 32, 15);
});
