import { describe, expect, it } from 'vitest';
import type { Measurement } from './measure.js';
import { macroInterval, ratioInterval } from './summarise.js';

function measurement(scores: Measurement['scores']): Measurement {
  const setting = { factor: 1, alpha: 1, logitFactor: 1, policy: 'full', budget: 1 };
  return { ...setting, length: 64, scores, kept: 1, seconds: 1 };
}

describe('macroInterval', () => {
  it('weighs families alike, however their prompts score', () => {
    const { estimate, lower, upper } = macroInterval(
      measurement({ easy: [1, 1, 1, 1], hard: [0, 1, 0, 1] }),
    );
    expect(estimate).toBe(0.75);
    expect(lower).toBeGreaterThanOrEqual(0.5);
    expect(upper).toBeLessThanOrEqual(1);
    expect(lower).toBeLessThan(upper);
  });
});

describe('ratioInterval', () => {
  it('pairs the prompts: twice the score of each is a ratio of exactly two', () => {
    const half = measurement({ one: [0.1, 0.4, 0.3], two: [0.2, 0.5, 0.1] });
    const whole = measurement({ one: [0.2, 0.8, 0.6], two: [0.4, 1, 0.2] });
    const { estimate, lower, upper } = ratioInterval(whole, half);
    for (const value of [estimate, lower, upper]) expect(value).toBeCloseTo(2, 12);
  });
});
