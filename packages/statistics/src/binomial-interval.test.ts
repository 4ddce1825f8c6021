import { InvalidArgumentError } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { binomialInterval } from './binomial-interval.js';

/** Probabilities of 0 to `trials` successes, multiplied out. */
function binomial(trials: number, share: number): number[] {
  let result = [1];
  for (let i = 0; i < trials; i++) {
    result = Array.from(
      { length: result.length + 1 },
      (_, k) => (result[k] ?? 0) * (1 - share) + (result[k - 1] ?? 0) * share,
    );
  }
  return result;
}

describe('binomialInterval', () => {
  it.each([
    [100, 100, 0.025 ** (1 / 100), 1],
    [0, 20, 0, 1 - 0.025 ** (1 / 20)],
    [1, 1, 0.025, 1],
    [5, 10, 0.18708603, 0.81291397],
    [95, 100, 0.88716513, 0.98356814],
  ])('of %d in %d is exact', (successes, trials, lower, upper) => {
    const interval = binomialInterval(successes, trials);
    expect(interval.estimate).toBe(successes / trials);
    expect(interval.lower).toBeCloseTo(lower, 7);
    expect(interval.upper).toBeCloseTo(upper, 7);
  });

  it('leaves the tails their probability, and holds the true share often enough', () => {
    for (const trials of [1, 7, 40]) {
      const all = Array.from({ length: trials + 1 }, (_, k) => binomialInterval(k, trials, 0.9));
      for (const [k, { lower, upper }] of all.entries()) {
        const sum = (share: number, from: number, to: number) =>
          binomial(trials, share)
            .slice(from, to + 1)
            .reduce((total, probability) => total + probability, 0);
        if (k > 0) expect(sum(lower, k, trials)).toBeCloseTo(0.05, 9);
        if (k < trials) expect(sum(upper, 0, k)).toBeCloseTo(0.05, 9);
      }
      for (const share of [0.03, 0.5, 0.81]) {
        const held = binomial(trials, share).filter((_, k) => {
          const { lower, upper } = all[k]!;
          return lower <= share && share <= upper;
        });
        expect(held.reduce((total, probability) => total + probability, 0)).toBeGreaterThan(0.9);
      }
    }
  });

  it('serves ten thousand trials, and refuses what cannot be', () => {
    const { lower, upper } = binomialInterval(9990, 10_000);
    expect([lower, upper]).toEqual([expect.closeTo(0.99816, 4), expect.closeTo(0.99952, 4)]);
    const wrong = [
      [1, 0],
      [3, 2],
      [-1, 2],
      [0.5, 2],
      [1, 2, 1],
      [1, 2, Number.NaN],
    ] as const;
    for (const [successes, trials, level] of wrong) {
      expect(() => binomialInterval(successes, trials, level)).toThrow(InvalidArgumentError);
    }
  });
});
