import { Random } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import { NoiseHandler, rankUncertainty } from './noise.js';
import type { CmaEsOptions } from './options.js';
import { neverStop } from './stop.js';
import { sphere } from './testing/functions.js';

const make = (options: Partial<CmaEsOptions>) =>
  new CmaEs({ mean: new Float64Array(8).fill(1), sigma: 1, seed: 3, stop: neverStop, ...options });

/** The sphere with normal noise, averaged over as many evaluations as the strategy asks for. */
function runNoisy(strategy: CmaEs, noise: number, generations: number) {
  const random = new Random(17);
  for (let generation = 0; generation < generations; generation++) {
    const count = Math.round(strategy.effort);
    const measure = (x: Float64Array) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += sphere(x) + noise * random.normal();
      return sum / count;
    };
    strategy.tell(
      strategy.ask().map(({ id, parameters }) => ({ id, fitness: measure(parameters) })),
    );
  }
  return strategy;
}

describe('rankUncertainty', () => {
  it('is negative without noise, and positive when second evaluations say the opposite', () => {
    const costs = Array.from({ length: 10 }, (_, i) => i);
    const again = new Map([
      [0, 0.01],
      [5, 5.01],
    ]);
    expect(rankUncertainty(costs, again)).toBeLessThan(0);
    const opposite = new Map([
      [0, 9.5],
      [9, -0.5],
    ]);
    expect(rankUncertainty(costs, opposite)).toBeGreaterThan(0);
  });
});

describe('noise handling', () => {
  it('asks for some candidates twice, at the same point', () => {
    const strategy = make({ noise: { share: 0.3 }, populationSize: 10 });
    const candidates = strategy.ask();
    const second = candidates.filter(({ id }) => id.repeat === 1);
    expect([candidates.length, second.length]).toEqual([13, 3]);
    for (const { id, parameters } of second)
      expect(parameters).toEqual(candidates[id.index]!.parameters);
    const again = make({ noise: { share: 0.3 }, populationSize: 10 });
    expect(again.ask()).toEqual(candidates);
  });

  it('leaves a noise-free run alone but for its own evaluations', () => {
    const strategy = runNoisy(make({ noise: {} }), 0, 100);
    const plain = runNoisy(make({}), 0, 100);
    expect(strategy.mean).toEqual(plain.mean);
    expect(strategy.effort).toBe(1);
    expect(strategy.evaluations).toBe(1200);
  });

  it('raises the effort, then sigma, where noise rules', () => {
    const strategy = runNoisy(make({ noise: { maximumEffort: 10 } }), 5, 60);
    expect(strategy.effort).toBeGreaterThan(2);
    expect(strategy.effort).toBeLessThanOrEqual(10);
    const handler = new NoiseHandler({}, 10, 8);
    const costs = Array.from({ length: 10 }, (_, i) => i);
    expect(
      handler.treat(
        costs,
        new Map([
          [0, 9.5],
          [9, -0.5],
        ]),
      ),
    ).toBeCloseTo(1 + 2 / 18, 12);
    expect(handler.treat(costs, new Map([[0, 0.01]]))).toBe(1);
  });

  it('comes nearer to the optimum than without, and answers with the mean', () => {
    const distance = (options: Partial<CmaEsOptions>) => {
      const results = [1, 2, 3, 4, 5].map((seed) => {
        const strategy = runNoisy(make({ ...options, seed }), 1, 150);
        return sphere(strategy.mean);
      });
      return results.sort((a, b) => a - b)[2]!;
    };
    expect(distance({ noise: { maximumEffort: 30 } })).toBeLessThan(0.5 * distance({}));
    const strategy = runNoisy(make({ noise: {} }), 1, 20);
    expect(strategy.answer).toEqual(strategy.mean);
    expect(runNoisy(make({}), 0, 20).answer).toEqual(runNoisy(make({}), 0, 20).best!.parameters);
  });
});
