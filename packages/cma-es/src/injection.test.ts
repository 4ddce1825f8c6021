import { InvalidArgumentError } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import { run, sphere } from './testing/functions.js';
import { models } from './testing/models.js';

const make = (options = {}) =>
  new CmaEs({ mean: [4, 4, 4, 4, 4], sigma: 0.1, seed: 1, ...options });

describe('inject', () => {
  it.each(Object.entries(models))(
    '%s: learns from a better point, and evaluates it as it is',
    (_, model) => {
      const strategy = run(make(model), sphere, 5);
      const plain = run(make(model), sphere, 6);
      const point = [3, 3.5, 4, 3, 3];
      strategy.inject([point]);
      const candidates = strategy.ask();
      expect([...candidates[0]!.parameters]).toEqual(point);
      // the others are the samples that they would have been
      const usual = run(make(model), sphere, 5).ask();
      expect(candidates.slice(1)).toEqual(usual.slice(1));
      run(strategy, sphere, 1);
      expect(sphere(strategy.mean)).toBeLessThan(sphere(plain.mean));
      // far away in units of sigma, yet sigma does not jump
      expect(strategy.sigma / plain.sigma).toBeLessThan(3);
      expect(strategy.ask()[0]!.parameters).not.toEqual(candidates[0]!.parameters);
    },
  );

  it('of what would have been drawn anyway changes nothing', () => {
    for (const model of [{ model: 'full' }, { model: 'sep' }, { model: 'lm-ma' }] as const) {
      const plain = run(make(model), sphere, 10);
      const injected = run(make(model), sphere, 10);
      injected.inject(
        plain
          .ask()
          .slice(0, 3)
          .map(({ parameters }) => parameters),
      );
      run(plain, sphere, 1);
      run(injected, sphere, 1);
      for (const [i, value] of plain.mean.entries())
        expect(injected.mean[i]!).toBeCloseTo(value, 9);
      expect(injected.sigma / plain.sigma).toBeCloseTo(1, 9);
    }
  });

  it('refuses wrong points, and changes nothing', () => {
    const strategy = make();
    const before = strategy.save();
    for (const points of [[[1, 2]], [[1, 2, 3, 4, Number.NaN]], Array(9).fill([1, 2, 3, 4, 5])]) {
      expect(() => strategy.inject(points)).toThrow(InvalidArgumentError);
      expect(strategy.save()).toEqual(before);
    }
  });
});
