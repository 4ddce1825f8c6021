import fc from 'fast-check';
import { expect, it } from 'vitest';
import { meansNearby } from './means-nearby.js';

it('is the mean over the slots whose tokens are near enough', () => {
  expect(meansNearby(Float64Array.of(1, 3, 9), [0, 1, 5], 2)).toEqual(Float64Array.of(2, 2, 9));
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 5 }),
      fc.infiniteStream(fc.double({ min: -5, max: 5, noNaN: true })),
      (drawn, radius, numbers) => {
        const tokens = [...drawn].sort((a, b) => a - b);
        const values = Float64Array.from(tokens, () => numbers.next().value);
        const means = meansNearby(values, tokens, radius);
        for (const [slot, token] of tokens.entries()) {
          const near = values.filter((_, other) => Math.abs(tokens[other]! - token) <= radius);
          const mean = near.reduce((sum, value) => sum + value, 0) / near.length;
          expect(means[slot]).toBeCloseTo(mean, 10);
        }
      },
    ),
  );
});
