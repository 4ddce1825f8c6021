import { describe, expect, it } from 'vitest';
import { controlFitness } from './control-fitness.js';

const score = (value: number, keptShare: number, failed = false) => ({
  ...{ return: value, steps: 10, rowsPerHead: 20 * keptShare, keptShare, failed },
});
const settings = { sizePressure: 0.5, tolerance: 0.1 };

describe('controlFitness', () => {
  it('is the scaled return minus the size', () => {
    const results = [
      { score: score(800, 0.2), full: score(1000, 1) },
      { score: score(1200, 0.4), full: score(1000, 1) },
    ];
    const { fitness, shortfall, cost, measures } = controlFitness(results, settings, 1000);
    expect(fitness).toBeCloseTo(1 - 0.5 * 0.3, 12);
    expect(shortfall).toBe(0);
    expect(cost).toBeCloseTo(0.3, 12);
    expect(measures).toMatchObject({ return: 1, fullReturn: 1, failedShare: 0 });
  });

  it('says what is missing to the full cache', () => {
    const results = [{ score: score(0, 0.1), full: score(1, 1) }];
    expect(controlFitness(results, settings, 1).shortfall).toBeCloseTo(0.9, 12);
  });

  it('counts episodes that broke down, and averages none in', () => {
    const sound = { score: score(1, 0.5), full: score(1, 1) };
    const results = [sound, { score: score(99, 0.1, true), full: score(1, 1) }];
    const { measures } = controlFitness(results, settings, 1);
    expect(measures).toMatchObject({ return: 1, keptShare: 0.5, failedShare: 0.5 });
    expect(controlFitness(results.slice(1), settings, 1).fitness).toBeNaN();
  });
});
