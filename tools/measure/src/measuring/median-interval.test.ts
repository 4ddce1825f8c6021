import { Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { medianInterval } from './median-interval.js';

describe('medianInterval', () => {
  it.each([
    [15, 3, 13],
    [31, 10, 22],
    [100, 40, 61],
    [5, 1, 5],
  ])('of %d values lies between ranks %d and %d', (count, low, high) => {
    const ranks = Array.from({ length: count }, (_, i) => i + 1);
    expect(medianInterval(ranks)).toEqual([low, high]);
  });

  it.each([15, 61])('of %d values holds the median in about 95 of 100 samples', (count) => {
    const random = new Random(1, count);
    let held = 0;
    for (let sample = 0; sample < 2000; sample++) {
      const values = Float64Array.from({ length: count }, () => random.uniform()).sort();
      const [low, high] = medianInterval(values);
      if (low <= 0.5 && high >= 0.5) held++;
    }
    expect(held / 2000).toBeGreaterThan(0.94);
    expect(held / 2000).toBeLessThan(0.995);
  });
});
