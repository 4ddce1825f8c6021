import { describe, expect, it } from 'vitest';
import { kendall } from './rank-answers.js';

describe('kendall', () => {
  it('is 1 for the same order, −1 for the reverse', () => {
    expect(kendall([3, 1, 2], [30, 10, 20])).toBe(1);
    expect(kendall([3, 1, 2], [-3, -1, -2])).toBe(-1);
  });

  it('agrees with scipy.stats.kendalltau where there are ties', () => {
    expect(kendall([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).toBeCloseTo(-0.47140452079103173, 12);
  });

  it('says nothing when all are tied', () => {
    expect(kendall([1, 1], [1, 2])).toBeNaN();
  });
});
