import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import type { CmaEsOptions } from './options.js';
import { neverStop } from './stop.js';
import { run, sphere, type TestFunction } from './testing/functions.js';
import { models } from './testing/models.js';

// The optimum (5, 0, …) lies outside the box; the best point inside is (2, 0, …).
const target: TestFunction = (x) => (x[0]! - 5) ** 2 + sphere(x.subarray(1));
const make = (options: Partial<CmaEsOptions>) =>
  new CmaEs({ mean: [0, 1, 1, 1], sigma: 0.5, seed: 1, stop: { ...neverStop }, ...options });

describe.each(['clip', 'penalty'] as const)('bounds with %s', (handling) => {
  const bounds = { lower: [-1, -3, -3, -3], upper: 2, handling };

  it.each(Object.entries(models))(
    '%s: asks inside, and finds the optimum on the bound',
    (_, model) => {
      const strategy = make({ ...model, bounds });
      for (let generation = 0; generation < 400; generation++) {
        for (const { parameters } of strategy.ask()) {
          expect(parameters[0]!).toBeGreaterThanOrEqual(-1);
          expect(Math.max(...parameters)).toBeLessThanOrEqual(2);
        }
        run(strategy, target, 1);
      }
      expect(strategy.best!.fitness - 9).toBeLessThan(1e-5);
      expect(strategy.mean[0]!).toBeLessThanOrEqual(2);
      expect(strategy.best!.parameters[0]!).toBeCloseTo(2, 6);
    },
  );

  it('changes nothing while the candidates stay inside', () => {
    const free = run(make({}), sphere, 30);
    const bounded = run(make({ bounds: { lower: -1e6, upper: 1e6, handling } }), sphere, 30);
    expect([bounded.mean, bounded.sigma]).toEqual([free.mean, free.sigma]);
  });

  it('maximises, and takes failures', () => {
    const strategy = make({ bounds, goal: 'maximise' });
    run(strategy, (x) => (x[1]! > 0.9 ? Number.NaN : -target(x)), 400);
    expect(-9 - strategy.best!.fitness).toBeLessThan(1e-5);
  });
});
