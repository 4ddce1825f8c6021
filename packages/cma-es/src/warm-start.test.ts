import { InvalidArgumentError, Random } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import { ellipsoid, run } from './testing/functions.js';
import { warmStart } from './warm-start.js';

const n = 5;
const near = (seed: number) => {
  const random = new Random(seed);
  const parameters = Float64Array.from({ length: n }, () => 3 * random.normal());
  return { parameters, fitness: ellipsoid(parameters) };
};
const known = Array.from({ length: 400 }, (_, seed) => near(seed));

describe('warmStart', () => {
  it('gives mean, sigma and covariance of the best share, smoothed', () => {
    const solutions = [
      { parameters: [1, 0], fitness: 0 },
      { parameters: [3, 2], fitness: 1 },
      { parameters: [90, 90], fitness: 2 },
      { parameters: [5, 5], fitness: Number.NaN },
    ];
    const { mean, sigma, covariance } = warmStart(solutions, { share: 2 / 3, smoothing: 0.5 });
    expect([...mean]).toEqual([2, 1]);
    // ((1, 1), (1, 1)) + ¼ I, of determinant 9/16
    expect(sigma).toBeCloseTo((9 / 16) ** 0.25, 12);
    const scaled = covariance.map((value) => value * sigma * sigma);
    for (const [at, value] of [1.25, 1, 1, 1.25].entries())
      expect(scaled[at]!).toBeCloseTo(value, 12);
    const worst = warmStart(solutions, { share: 0.1, goal: 'maximise' });
    expect([...worst.mean]).toEqual([90, 90]);
  });

  it.each([
    { model: 'full' },
    { model: 'full', factor: 'matrix-adaptation' },
    { model: 'sep' },
  ] as const)('saves evaluations: %o', (model) => {
    const stop = { targetFitness: 1e-6 };
    const cold = new CmaEs({
      ...model,
      mean: new Float64Array(n).fill(3),
      sigma: 3,
      seed: 1,
      stop,
    });
    const warm = new CmaEs({ ...model, ...warmStart(known), seed: 1, stop });
    expect(run(warm, ellipsoid, 2000).evaluations).toBeLessThan(
      0.9 * run(cold, ellipsoid, 2000).evaluations,
    );
    expect(warm.stopReason).toBe('targetFitness');
  });

  it('refuses what it cannot start from', () => {
    const one = { parameters: [1, 2], fitness: 1 };
    for (const refused of [
      () => warmStart([]),
      () => warmStart([{ ...one, fitness: Number.NaN }]),
      () => warmStart([one, { parameters: [1], fitness: 0 }], { share: 1 }),
      () => warmStart([one], { share: 0 }),
      () => warmStart([one], { smoothing: 0 }),
    ]) {
      expect(refused).toThrow(InvalidArgumentError);
    }
  });
});
