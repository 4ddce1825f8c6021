import fc from 'fast-check';
import { expect, it } from 'vitest';
import { linearScale, logScale } from './scale.js';

const ranges = fc
  .tuple(
    fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
  )
  .filter(([low, span]) => low + span > low * (1 + 1e-9 * Math.sign(low)));

it('puts evenly spaced round ticks on a linear axis, and leads back to the value', () => {
  fc.assert(
    fc.property(ranges, fc.integer({ min: 2, max: 10 }), ([low, span], count) => {
      const high = low + span;
      const { ticks, toPixels, toValue } = linearScale(low, high, 500, count);
      expect(toPixels(low)).toBe(0);
      expect(toPixels(high)).toBeCloseTo(500, 6);
      expect(Math.abs(toValue(toPixels(low + span / 3)) - (low + span / 3))).toBeLessThan(
        span * 1e-6,
      );
      expect(ticks.length).toBeLessThanOrEqual(count + 1);
      for (const tick of ticks) {
        expect(toPixels(tick)).toBeGreaterThan(-0.1);
        expect(toPixels(tick)).toBeLessThan(500.1);
      }
    }),
  );
});

it.each([
  [0, 1000, 5, [0, 200, 400, 600, 800, 1000]],
  [0, 0.3, 3, [0, 0.1, 0.2, 0.3]],
  [-7, 12, 4, [-5, 0, 5, 10]],
  [64, 1342, 8, [200, 400, 600, 800, 1000, 1200]],
])('marks %d to %d', (low, high, count, expected) => {
  expect(linearScale(low, high, 100, count).ticks).toEqual(expected);
});

it('marks whole numbers only on an axis of what is counted', () => {
  expect(linearScale(1, 5, 500, 8, 1).ticks).toEqual([1, 2, 3, 4, 5]);
  expect(linearScale(0, 1, 500, 8, 1).ticks).toEqual([0, 1]);
  expect(linearScale(0, 50, 500, 4, 1).ticks).toEqual([0, 20, 40]);
});

it.each([
  [0.5, 200, [1, 10, 100]],
  [1, 20, [1, 2, 5, 10, 20]],
  [1e-9, 10, [1e-8, 1e-6, 1e-4, 1e-2, 1]],
])('marks %d to %d on a logarithmic axis', (low, high, expected) => {
  const { ticks, toPixels, toValue } = logScale(low, high, 100, 6);
  expect(ticks).toEqual(expected);
  expect(toPixels(Math.sqrt(low * high))).toBeCloseTo(50);
  expect(toValue(50)).toBeCloseTo(Math.sqrt(low * high));
});
