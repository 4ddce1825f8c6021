import fc from 'fast-check';
import { expect, it } from 'vitest';
import { poolScores } from './pool-scores.js';

it('is the mean over the rows whose tokens are near enough', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 5 }),
      fc.infiniteStream(fc.double({ min: -5, max: 5, noNaN: true })),
      (drawn, radius, numbers) => {
        const tokens = [...drawn].sort((a, b) => a - b);
        const scores = Float64Array.from(tokens, () => numbers.next().value);
        const pooled = scores.slice();
        poolScores(pooled, tokens, radius);
        for (const [row, token] of tokens.entries()) {
          const near = scores.filter((_, other) => Math.abs(tokens[other]! - token) <= radius);
          const mean = near.reduce((sum, score) => sum + score, 0) / near.length;
          expect(pooled[row]).toBeCloseTo(mean, 10);
        }
      },
    ),
  );
});
