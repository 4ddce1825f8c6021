import { FileFormatError, InvalidArgumentError } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { StoppedError } from '../errors.js';
import type { CmaEsOptions } from '../options.js';
import type { RestartOptions } from './restart-options.js';
import { RestartingCmaEs } from './restarting-cma-es.js';

const rastrigin = (x: Float64Array) =>
  x.reduce((sum, value) => sum + value * value + 10 - 10 * Math.cos(2 * Math.PI * value), 0);

const options: CmaEsOptions = {
  mean: [3, 3, 3, 3],
  sigma: 2,
  seed: 2,
  bounds: { lower: -5, upper: 5 },
  stop: { targetFitness: 1e-8, maximumEvaluations: 60_000 },
};

const make = (restarts: RestartOptions, changed: Partial<CmaEsOptions> = {}) =>
  new RestartingCmaEs({ ...options, ...changed }, restarts);

function run(strategy: RestartingCmaEs, evaluations = Number.POSITIVE_INFINITY) {
  while (!strategy.stopReason && strategy.evaluations < evaluations) {
    strategy.tell(
      strategy.ask().map(({ id, parameters }) => ({ id, fitness: rastrigin(parameters) })),
    );
  }
  return strategy;
}

describe('RestartingCmaEs', () => {
  it.each(['ipop', 'bipop'] as const)('%s finds the optimum among many', (kind) => {
    for (const seed of [1, 2, 3]) {
      const strategy = run(make({ kind }, { seed }));
      expect(strategy.stopReason).toBe('targetFitness');
      expect(strategy.best!.fitness).toBeLessThan(1e-8);
      expect(strategy.evaluations).toBe(
        strategy.runs.reduce((sum, one) => sum + one.evaluations, 0),
      );
    }
  });

  it('ipop doubles the population, from another start', () => {
    const strategy = run(
      make({ kind: 'ipop', maximum: 3 }, { populationSize: 4, stop: { targetFitness: null } }),
    );
    expect(strategy.stopReason).toBe('maximumRestarts');
    expect(strategy.runs.map(({ populationSize }) => populationSize)).toEqual([4, 8, 16, 32]);
    const runNames = new Set(strategy.runs.map((_, restart) => `cma-es/${restart}`));
    expect(runNames.has(strategy.best!.id.run)).toBe(true);
  });

  it('bipop spends on small runs as much as on large ones', () => {
    const strategy = run(
      make({ kind: 'bipop', maximum: 12 }, { stop: { maximumEvaluations: 30_000 } }),
    );
    const used = (size: string) =>
      strategy.runs
        .filter((one) => one.size === size)
        .reduce((sum, one) => sum + one.evaluations, 0);
    expect(strategy.runs.some(({ size }) => size === 'small')).toBe(true);
    expect(used('small')).toBeGreaterThan(0.2 * used('large'));
    for (const { size, sigma } of strategy.runs) {
      expect(sigma).toBeLessThanOrEqual(2);
      if (size === 'large') expect(sigma).toBe(2);
    }
  });

  it('counts evaluations over all runs', () => {
    const strategy = run(make({ kind: 'ipop' }, { stop: { maximumEvaluations: 2000 } }));
    expect(strategy.stopReason).toBe('maximumEvaluations');
    expect(strategy.evaluations).toBeGreaterThanOrEqual(2000);
    expect(strategy.evaluations).toBeLessThan(2100);
    expect(() => strategy.ask()).toThrow(StoppedError);
    expect(() => strategy.tell([])).toThrow(StoppedError);
  });

  it('goes on from saved bytes as if nothing had been', () => {
    const restarts: RestartOptions = { kind: 'bipop' };
    const straight = run(make(restarts, { seed: 5 }), 12_000);
    let saved = make(restarts, { seed: 5 });
    for (const part of [1000, 2500, 4000, 9000, 12_000]) {
      saved = RestartingCmaEs.load(run(saved, part).save(), { ...options, seed: 5 }, restarts);
    }
    expect(saved.runs).toEqual(straight.runs);
    expect(saved.best).toEqual(straight.best);
    expect(saved.save()).toEqual(straight.save());
  });

  it('refuses options out of range, and bytes of something else', () => {
    for (const restarts of [
      { kind: 'other' },
      { kind: 'ipop', maximum: -1 },
      { kind: 'ipop', factor: 0.5 },
    ]) {
      expect(() => make(restarts as RestartOptions)).toThrow(InvalidArgumentError);
    }
    const whole = make({ kind: 'ipop' }).save();
    for (let at = 9; at < whole.length; at += 97) {
      const damaged = whole.slice();
      damaged[at] = damaged[at]! ^ 4;
      expect(() => RestartingCmaEs.load(damaged, options, { kind: 'ipop' })).toThrow(
        FileFormatError,
      );
    }
    const bytes = make({ kind: 'ipop' }).current.save();
    expect(() => RestartingCmaEs.load(bytes, options, { kind: 'ipop' })).toThrow(FileFormatError);
    const other = make({ kind: 'ipop' }).save();
    expect(() => RestartingCmaEs.load(other, { ...options, seed: 9 }, { kind: 'ipop' })).toThrow(
      /seed/,
    );
  });

  it('starts where the caller says', () => {
    const strategy = make(
      { kind: 'ipop', maximum: 1, start: () => [1, 1, 1, 1] },
      { stop: { maximumGenerations: 1 } },
    );
    run(strategy);
    expect(strategy.runs.length).toBe(2);
  });
});
