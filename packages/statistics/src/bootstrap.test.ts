import { InvalidArgumentError, Random } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval, bootstrapRatioInterval } from './bootstrap.js';
import { mean } from './mean.js';
import { quantile } from './quantile.js';

describe('mean and quantile', () => {
  it('answers as NumPy does', () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([3, 5, 9], 0.9)).toBeCloseTo(8.2, 12);
    expect(quantile([1, Infinity, Infinity], 0.9)).toBe(Infinity);
    expect(() => mean([])).toThrow(InvalidArgumentError);
    expect(() => quantile([], 0.5)).toThrow(InvalidArgumentError);
    expect(() => quantile([1], 1.1)).toThrow(InvalidArgumentError);
  });
});

describe('bootstrapInterval', () => {
  it('finds the exact distribution of the mean of two values', () => {
    // The mean of two draws from {0, 1} is 0, ½, 1 with probabilities ¼, ½, ¼.
    const wide = bootstrapInterval([0, 1], { seed: 1, level: 0.9 });
    expect(wide).toEqual({ estimate: 0.5, lower: 0, upper: 1 });
    const narrow = bootstrapInterval([0, 1], { seed: 1, level: 0.4 });
    expect(narrow).toEqual({ estimate: 0.5, lower: 0.5, upper: 0.5 });
  });

  it('agrees with the normal theory for many values', () => {
    const random = new Random(5);
    const values = Array.from({ length: 500 }, () => 3 + 2 * random.normal());
    const average = mean(values);
    const deviation = Math.sqrt(mean(values.map((value) => (value - average) ** 2)));
    const halfWidth = (1.959964 * deviation) / Math.sqrt(values.length);
    const { estimate, lower, upper } = bootstrapInterval(values, { seed: 9, resamples: 4000 });
    expect(estimate).toBeCloseTo(average, 12);
    // The ends are quantiles of 4000 draws: their standard error is 0.027 of the standard error.
    expect(Math.abs(lower - (average - halfWidth))).toBeLessThan(0.08 * halfWidth);
    expect(Math.abs(upper - (average + halfWidth))).toBeLessThan(0.08 * halfWidth);
  });

  it('repeats with its seed, takes another statistic, refuses bad options', () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    expect(bootstrapInterval(values, { seed: 3 })).toEqual(bootstrapInterval(values, { seed: 3 }));
    const statistic = (sample: Float64Array) => Math.max(...sample);
    expect(bootstrapInterval(values, { seed: 3, statistic })).toMatchObject({
      estimate: 9,
      upper: 9,
    });
    expect(() => bootstrapInterval([], { seed: 1 })).toThrow(InvalidArgumentError);
    expect(() => bootstrapInterval(values, { seed: 1, level: 1 })).toThrow(InvalidArgumentError);
    expect(() => bootstrapInterval(values, { seed: 1, resamples: 0 })).toThrow(
      InvalidArgumentError,
    );
  });
});

describe('bootstrapRatioInterval', () => {
  it('has no width when every pair has the same ratio', () => {
    const denominators = fc.array(fc.integer({ min: 1, max: 1000 }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(denominators, fc.nat(), (values, seed) => {
        const doubled = values.map((value) => 2 * value);
        const interval = bootstrapRatioInterval(doubled, values, { seed, resamples: 50 });
        expect(interval).toEqual({ estimate: 2, lower: 2, upper: 2 });
      }),
      { numRuns: 30 },
    );
  });

  it('leaves out resamples without any score and counts x / 0 as infinite', () => {
    const empty = bootstrapRatioInterval([0, 0, 1], [0, 0, 1], { seed: 1, level: 0.9 });
    expect(empty).toEqual({ estimate: 1, lower: 1, upper: 1 });
    const infinite = bootstrapRatioInterval([1, 1], [0, 1], { seed: 1, level: 0.9 });
    expect(infinite).toEqual({ estimate: 2, lower: 1, upper: Infinity });
    expect(bootstrapRatioInterval([0], [0], { seed: 1 }).lower).toBeNaN();
    expect(() => bootstrapRatioInterval([1], [1, 2], { seed: 1 })).toThrow(InvalidArgumentError);
  });
});
