import { Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { signFlipPValue } from './sign-flip.js';

describe('signFlipPValue', () => {
  // From scipy 1.16, permutation_test of samples, mean of differences, all flips.
  it.each([
    [[2, 1, 4, 3, 5], 0.0625],
    [[1, 1, 1], 0.25],
    [[0.5, -0.25, 0.75, 0, 0.1, -0.9, 0.3], 0.78125],
    [[1, -1, 1, 1, 0, 0, 1, 1, -1, 1, 1], 0.1796875],
    [[0.1, 0.2, -0.3, 0.4, 0.5, 0.6, -0.1, 0.05, 0.9, 1.2], 0.0390625],
    [[100], 1],
    [[0, 0, 0], 1],
    [[], 1],
  ])('of %j is %d', (differences, p) => {
    expect(signFlipPValue(differences, { seed: 1 })).toBeCloseTo(p, 12);
  });

  it('draws flips of many, near the share of all, never 0, from a seed', () => {
    const few = [1, 2, -1, 0.5, 3, 0.25, -0.75, 2, 1.5, -2, 0.1, 0.3, 0.7, -0.2];
    const exact = signFlipPValue(few, { seed: 1 });
    // A difference that is nothing to the others makes it draw.
    const drawn = signFlipPValue([...few, 1e-9], { seed: 1 });
    expect(Math.abs(drawn - exact)).toBeLessThan(0.02);
    const many = Array.from({ length: 60 }, () => 1);
    expect(signFlipPValue(many, { seed: 1, draws: 99 })).toBe(0.01);
    expect(signFlipPValue([...few, 1e-9], { seed: 1 })).toBe(drawn);
    expect(() => signFlipPValue([1], { seed: 1, draws: 0 })).toThrow(/draws/);
  });

  it('is uniform where both sides are alike', () => {
    const random = new Random(3);
    const below = Array.from({ length: 400 }, () => {
      const differences = Array.from({ length: 12 }, () => random.integer(5) - 2);
      return Number(signFlipPValue(differences, { seed: 1 }) <= 0.05);
    }).reduce((sum, each) => sum + each, 0);
    expect(below).toBeLessThan(0.075 * 400); // 5 % in the long run, one in a hundred such tests above this
  });
});
