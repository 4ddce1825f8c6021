import { Random } from '@namm/core/portable';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import type { CmaEsOptions } from './options.js';
import { ratesOf } from './rates/rates.js';
import { neverStop } from './stop.js';
import { ellipsoid, run, sphere, type TestFunction } from './testing/functions.js';
import { models } from './testing/models.js';

const n = 6;
const make = (options: Partial<CmaEsOptions> = {}) =>
  new CmaEs({
    mean: new Float64Array(n).fill(1),
    sigma: 0.5,
    seed: 2,
    stop: neverStop,
    ...options,
  });

const distribution = (strategy: CmaEs) => [strategy.mean, strategy.sigma, strategy.covariance()];

describe.each(Object.entries(models))('%s is invariant', (_, model) => {
  it('under increasing transforms of the fitness, bit for bit', () => {
    const plain = distribution(run(make(model), ellipsoid, 50));
    const transforms: ((f: number) => number)[] = [Math.log, (f) => f ** 3, (f) => 5 * f - 1000];
    for (const transform of transforms) {
      const transformed = run(make(model), (x) => transform(ellipsoid(x)), 50);
      expect(distribution(transformed)).toEqual(plain);
    }
  });

  it('under the order of results, ties included', () => {
    const rounded: TestFunction = (x) => Math.round(sphere(x));
    const plain = distribution(run(make(model), rounded, 10));
    fc.assert(
      fc.property(fc.nat(1000), (seed) => {
        const strategy = make(model);
        for (let generation = 0; generation < 10; generation++) {
          const results = strategy
            .ask()
            .map(({ id, parameters }) => ({ id, fitness: rounded(parameters) }));
          for (const result of new Random(seed, generation).shuffled(results))
            strategy.tell([result]);
        }
        expect(distribution(strategy)).toEqual(plain);
      }),
      { numRuns: 5 },
    );
  });

  it('under translation', () => {
    const shift = 3;
    const moved = make({ ...model, mean: new Float64Array(n).fill(1 + shift) });
    const plain = make(model);
    for (let generation = 0; generation < 30; generation++) {
      run(plain, sphere, 1);
      run(moved, (x) => sphere(x.map((value) => value - shift)), 1);
      const difference = moved.mean.map((value, i) => value - shift - plain.mean[i]!);
      expect(Math.max(...difference.map(Math.abs))).toBeLessThan(1e-12);
      expect(Math.abs(moved.sigma - plain.sigma)).toBeLessThan(1e-12);
    }
  });
});

describe('the full model', () => {
  it('needs as many evaluations on a rotated ellipsoid', () => {
    // an orthogonal matrix from reflections
    const vectors = Array.from({ length: 4 }, (_, index) => {
      const random = new Random(1, index);
      const vector = Float64Array.from({ length: n }, () => random.normal());
      const norm = Math.sqrt(sphere(vector));
      return vector.map((value) => value / norm);
    });
    const rotated: TestFunction = (x) => {
      const y = x.slice();
      for (const v of vectors) {
        const product = 2 * y.reduce((sum, value, i) => sum + value * v[i]!, 0);
        for (let i = 0; i < n; i++) y[i] = y[i]! - product * v[i]!;
      }
      return ellipsoid(y);
    };
    for (const factor of ['eigen', 'matrix-adaptation'] as const) {
      const median = (fitness: TestFunction) => {
        const counts = Array.from({ length: 21 }, (_, seed) => {
          const stop = { ...neverStop, targetFitness: 1e-8 };
          return run(make({ model: 'full', factor, seed, stop }), fitness, 5000).evaluations;
        });
        return counts.sort((a, b) => a - b)[10]!;
      };
      const ratio = median(rotated) / median(ellipsoid);
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.1);
    }
  }, 60_000);
});

describe('sigma without selection, at 4,172 dimensions', () => {
  const dimension = 4172;
  const populationSize = 32;
  const generations = 350;
  const drift = (options: Partial<CmaEsOptions>) => {
    const strategy = new CmaEs({
      mean: new Float64Array(dimension),
      sigma: 1,
      seed: 4,
      model: 'iso',
      rates: 'namm',
      populationSize,
      stop: neverStop,
      ...options,
    });
    const random = new Random(9);
    run(strategy, () => random.uniform(), generations);
    return strategy.sigma;
  };

  /** exp(Σ (c_σ / d_σ) (√(1 − (1 − c_σ)^2g) − 1)): what an unselected path that begins at 0 makes of σ. */
  const shrunk = (after: number) => {
    const { stepSizePath, damping } = ratesOf('namm', dimension, populationSize);
    let sum = 0;
    for (let g = 1; g <= after; g++) sum += Math.sqrt(1 - (1 - stepSizePath) ** (2 * g)) - 1;
    return Math.exp((stepSizePath / damping) * sum);
  };

  it('shrinks by 0.742 in 700 generations, most of it in the first half', () => {
    expect(shrunk(700)).toBeCloseTo(0.742, 3);
    // The path's length deviates by 1/√(2n) = 1.1 %, which over these generations is 1.4 % of σ: two of them.
    expect(Math.abs(drift({}) / shrunk(generations) - 1)).toBeLessThan(0.028);
  }, 60_000);

  it('stays when the path is debiased', () => {
    expect(Math.abs(Math.log(drift({ debiasedPath: true })))).toBeLessThan(0.1);
  }, 60_000);
});
