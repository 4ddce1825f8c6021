import { describe, expect, it } from 'vitest';
import { formatInterval, ratioOfMedians } from './ratio-of-medians.js';

describe('ratioOfMedians', () => {
  it('divides the medians', () => {
    expect(ratioOfMedians([6, 8, 100], [2, 4, 3]).estimate).toBeCloseTo(8 / 3);
  });

  it('is not widened by what slows both sides of a round', () => {
    const { estimate, lower, upper } = ratioOfMedians([2, 4, 8, 6], [1, 2, 4, 3]);
    expect([estimate, lower, upper]).toEqual([2, 2, 2]);
  });

  it('widens with what slows one side only', () => {
    const { estimate, lower, upper } = ratioOfMedians([2, 4, 8, 6], [2, 2, 2, 2]);
    expect(lower).toBe(1);
    expect(estimate).toBe(2.5);
    expect(upper).toBe(4);
  });

  it('is written with its interval', () => {
    expect(formatInterval({ estimate: 2.184, lower: 2.1, upper: 2.25 })).toBe('2.18 [2.10, 2.25]');
    expect(formatInterval({ estimate: 2.184, lower: 2.184, upper: 2.184 })).toBe('2.18');
  });
});
