import { describe, expect, it } from 'vitest';
import { normalisedScore, referenceReturns } from './normalised-score.js';

describe('normalisedScore', () => {
  it('is 0 for a random agent, 100 for the expert of D4RL, and goes beyond', () => {
    for (const body of ['hopper', 'half-cheetah', 'walker2d'] as const) {
      const { minimum, maximum } = referenceReturns[body];
      expect(normalisedScore(body, minimum)).toBe(0);
      expect(normalisedScore(body, maximum)).toBe(100);
    }
    // An ARS policy of 3,052 is 94.4 on the hopper.
    expect(normalisedScore('hopper', 3052)).toBeCloseTo(94.4, 1);
    expect(normalisedScore('walker2d', 0)).toBeLessThan(0);
  });

  it('refuses bodies without constants', () => {
    expect(() => normalisedScore('ant' as never, 1)).toThrow(
      /hopper, half-cheetah, walker2d, not for 'ant'/,
    );
    expect(() => normalisedScore('toString' as never, 1)).toThrow(/'toString'/);
  });
});
