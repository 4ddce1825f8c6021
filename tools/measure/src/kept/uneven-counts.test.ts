import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unevenCounts } from './uneven-counts.js';

describe('unevenCounts', () => {
  it('gives each head four times what the one before gets', () => {
    expect(unevenCounts(3, 1000, 210)).toEqual([10, 40, 160]);
  });

  it('fills heads up and shares the rest in the same way', () => {
    expect(unevenCounts(3, 1000, 1500)).toEqual([100, 400, 1000]);
    expect(unevenCounts(3, 10, 30)).toEqual([10, 10, 10]);
  });

  it('divides everything, and gives no head more than there is', () => {
    const heads = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(
        heads,
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (count, length, share) => {
          const total = Math.floor(share * count * length);
          const counts = unevenCounts(count, length, total);
          expect(counts.reduce((sum, rows) => sum + rows)).toBe(total);
          expect(Math.min(...counts)).toBeGreaterThanOrEqual(0);
          expect(Math.max(...counts)).toBeLessThanOrEqual(length);
          expect(counts).toEqual([...counts].sort((a, b) => a - b));
        },
      ),
    );
  });
});
