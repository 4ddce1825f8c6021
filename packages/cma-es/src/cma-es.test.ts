import { InvalidArgumentError } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import { CandidateError, StoppedError } from './errors.js';
import type { CmaEsOptions } from './options.js';
import { neverStop } from './stop.js';
import { ellipsoid, run, sphere, stateOf } from './testing/functions.js';
import { models } from './testing/models.js';

const start = { mean: [3, -2, 1, 0.5], sigma: 1, seed: 7 };
const make = (options: Partial<CmaEsOptions> = {}) => new CmaEs({ ...start, ...options });

describe('CmaEs', () => {
  it.each(Object.entries(models))('%s: minimises the sphere', (_, model) => {
    const strategy = run(make({ ...model, stop: { targetFitness: 1e-10 } }), sphere, 2000);
    expect(strategy.stopReason).toBe('targetFitness');
    expect(strategy.best!.fitness).toBeLessThan(1e-10);
    expect(sphere(strategy.best!.parameters)).toBe(strategy.best!.fitness);
  });

  it.each([
    ['full', { factor: 'eigen' }],
    ['full', { factor: 'matrix-adaptation' }],
    ['sep', {}],
    ['sep', { rates: 'cmaes' }],
  ] as const)('%s %o: minimises an ellipsoid of condition 1e6', (model, options) => {
    const strategy = make({ model, ...options, stop: { targetFitness: 1e-10 } });
    expect(run(strategy, ellipsoid, 3000).stopReason).toBe('targetFitness');
  });

  it.each(['tutorial', 'pycma', 'cmaes', 'namm'] as const)(
    'maximises with the rates %s',
    (rates) => {
      const strategy = make({ goal: 'maximise', rates, stop: { targetFitness: -1e-9 } });
      run(strategy, (x) => -sphere(x), 1000);
      expect(strategy.stopReason).toBe('targetFitness');
      const records = strategy.history;
      expect(records.every(({ best, worst }) => best >= worst)).toBe(true);
    },
  );

  it('asks for the same candidates until all are told, in copies', () => {
    const strategy = make();
    const first = strategy.ask();
    expect(first.length).toBe(strategy.populationSize);
    first[0]!.parameters.fill(99);
    const again = strategy.ask();
    expect(again[0]!.parameters[0]).not.toBe(99);
    strategy.tell([{ id: again[3]!.id, fitness: 1 }]);
    expect(strategy.ask().map(({ parameters }) => parameters)).toEqual(
      again.map(({ parameters }) => parameters),
    );
    expect(strategy.pending().map(({ id }) => id.index)).toEqual(
      again.map(({ id }) => id.index).filter((index) => index !== 3),
    );
  });

  it.each(Object.entries({ ...models, bounds: { bounds: { lower: -4, upper: 3 } } }))(
    '%s: hands out the same candidates in memory that is used again',
    (_, options) => {
      const copying = make({ ...options, noise: { share: 0.3 } });
      const reusing = make({ ...options, noise: { share: 0.3 } });
      const memory = new Set<Float64Array>();
      for (let generation = 0; generation < 10; generation++) {
        const candidates = reusing.ask({ reuse: true });
        expect(candidates).toEqual(copying.ask());
        for (const { parameters } of candidates) memory.add(parameters);
        const results = candidates.map(({ id, parameters }) => ({
          id,
          fitness: sphere(parameters) + id.repeat,
        }));
        candidates[0]!.parameters.fill(99); // the caller's to spoil
        reusing.tell(results);
        copying.tell(results);
      }
      expect(memory.size).toBe(reusing.populationSize);
      expect(reusing.save()).toEqual(copying.save());
      const { best } = reusing;
      reusing.ask({ reuse: true });
      expect(reusing.best).toEqual(best);
    },
  );

  it('takes results in any order and in any portions: the same bits', () => {
    const together = run(make(), sphere, 20);
    const apart = make();
    for (let generation = 0; generation < 20; generation++) {
      const results = apart
        .ask()
        .map(({ id, parameters }) => ({ id, fitness: sphere(parameters) }));
      const shuffled = results.sort((a, b) => ((a.id.index * 7) % 5) - ((b.id.index * 7) % 5));
      const complete = shuffled.map((result) => apart.tell([result]));
      expect(complete.filter(Boolean).length).toBe(1);
      expect(complete[complete.length - 1]).toBe(true);
    }
    expect(stateOf(apart)).toEqual(stateOf(together));
  });

  it('makes any candidate again from its seed, generation and index', () => {
    const one = run(make(), sphere, 3);
    const other = run(make(), sphere, 3);
    expect(other.ask()[5]).toEqual(one.ask()[5]);
    const { id } = one.ask()[5]!;
    expect(CmaEs.load(other.save()).candidate(id)).toEqual(one.ask()[5]);
    expect(() => other.candidate({ ...id, generation: 2 })).toThrow(CandidateError);
    expect(() => other.candidate({ ...id, index: 8 })).toThrow(CandidateError);
    expect(run(make({ seed: 8 }), sphere, 3).ask()[5]).not.toEqual(one.ask()[5]);
    expect(run(make({ restart: 1 }), sphere, 3).ask()[5]).not.toEqual(one.ask()[5]);
  });

  it('refuses foreign, late and repeated results, and changes nothing', () => {
    const strategy = run(make(), sphere, 2);
    const late = make().ask()[0]!.id;
    const ids = strategy.ask().map(({ id }) => id);
    strategy.tell([{ id: ids[1]!, fitness: 1 }]);
    const before = strategy.save();
    const good = { id: ids[0]!, fitness: 2 };
    const refused = [
      ['foreign', { ...ids[0]!, run: 'another' }],
      ['foreign', { ...ids[0]!, generation: 3 }],
      ['foreign', { ...ids[0]!, index: 8 }],
      ['foreign', { ...ids[0]!, index: -1 }],
      ['foreign', { ...ids[0]!, index: 0.5 }],
      ['foreign', { ...ids[0]!, repeat: 1 }],
      ['late', late],
      ['told', ids[1]!],
      ['told', ids[0]!],
    ] as const;
    for (const [reason, id] of refused) {
      let error: unknown;
      try {
        strategy.tell([good, { id, fitness: 1 }]);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(CandidateError);
      expect((error as CandidateError).reason).toBe(reason);
      expect(strategy.save()).toEqual(before);
    }
    expect(() => strategy.tell([{ id: ids[0]!, fitness: '1' as unknown as number }])).toThrow(
      InvalidArgumentError,
    );
    expect(() => strategy.tell([{ fitness: 1 } as never])).toThrow(CandidateError);
    expect(strategy.save()).toEqual(before);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'ranks a fitness of %s worst, whatever the goal',
    (broken) => {
      for (const goal of ['minimise', 'maximise'] as const) {
        const sign = goal === 'minimise' ? 1 : -1;
        const results = (fitness: (x: Float64Array, index: number) => number) => {
          const strategy = make({ goal });
          strategy.tell(
            strategy
              .ask()
              .map(({ id, parameters }) => ({ id, fitness: fitness(parameters, id.index) })),
          );
          return strategy;
        };
        const failing = results((x, index) => (index < 2 ? broken : sign * sphere(x)));
        // two candidates that are equally bad get the same weights
        const bad = results((x, index) => (index < 2 ? sign * 1e9 : sign * sphere(x)));
        expect(failing.mean).toEqual(bad.mean);
        expect(failing.sigma).toBe(bad.sigma);
        expect(failing.history[0]!.failures).toBe(2);
        expect(Number.isFinite(failing.history[0]!.worst)).toBe(true);
        expect(Number.isFinite(failing.best!.fitness)).toBe(true);
      }
    },
  );

  it('stops when every evaluation of a generation failed, with the distribution of before', () => {
    const strategy = run(make(), sphere, 3);
    const { mean, sigma } = strategy;
    run(strategy, () => Number.NaN, 1);
    expect(strategy.stopReason).toBe('allFailed');
    expect([strategy.mean, strategy.sigma, strategy.generation]).toEqual([mean, sigma, 3]);
  });

  it('shares weights among equal ones: constant fitness moves the mean to the centre of the sample', () => {
    const strategy = make({ stop: { flatGenerations: null, fitnessTolerance: null } });
    const candidates = strategy.ask();
    run(strategy, () => 5, 1);
    for (let i = 0; i < 4; i++) {
      const centre = candidates.reduce(
        (sum, { parameters }) => sum + parameters[i]! / candidates.length,
        0,
      );
      expect(strategy.mean[i]!).toBeCloseTo(centre, 12);
    }
  });

  it.each(Object.entries(models))(
    '%s: keeps its spread where nothing can be chosen',
    (_, model) => {
      const spreads = Array.from({ length: 9 }, (_, seed) => {
        const mean = new Array<number>(20).fill(0);
        const strategy = make({ ...model, mean, seed, populationSize: 16, stop: neverStop });
        run(strategy, () => 5, 50);
        const squares = strategy
          .ask()
          .map(({ parameters }) => sphere(parameters.map((value, i) => value - strategy.mean[i]!)));
        return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (16 * 20));
      });
      const median = spreads.sort((a, b) => a - b)[4]!;
      expect(median).toBeGreaterThan(0.5);
      expect(median).toBeLessThan(2);
    },
  );

  it('refuses to ask, tell and take results after a stop', () => {
    const strategy = make({ stop: { maximumGenerations: 1 } });
    const { id } = strategy.ask()[0]!;
    run(strategy, sphere, 1);
    expect(strategy.stopReason).toBe('maximumGenerations');
    const before = strategy.save();
    expect(() => strategy.ask()).toThrow(StoppedError);
    expect(() => strategy.tell([{ id, fitness: 1 }])).toThrow(StoppedError);
    expect(strategy.pending()).toEqual([]);
    expect(strategy.save()).toEqual(before);
  });

  it.each([
    [{ mean: [] }, 'mean'],
    [{ mean: [1, Number.NaN] }, 'mean'],
    [{ sigma: 0 }, 'sigma'],
    [{ sigma: -1 }, 'sigma'],
    [{ sigma: Number.NaN }, 'sigma'],
    [{ sigma: Number.POSITIVE_INFINITY }, 'sigma'],
    [{ seed: -1 }, 'seed'],
    [{ seed: 0.5 }, 'seed'],
    [{ populationSize: 1 }, 'populationSize'],
    [{ populationSize: 2 }, 'populationSize'],
    [{ populationSize: 7.5 }, 'populationSize'],
    [{ populationSize: 1e9 }, 'populationSize'],
    [{ mean: new Float64Array(3001), model: 'full', factor: 'eigen' }, 'factor'],
    [{ mean: new Float64Array(1_000_001) }, 'mean'],
    [{ model: 'other' as never }, 'model'],
    [{ factor: 'other' as never }, 'factor'],
    [{ precision: 'half' as never }, 'precision'],
    [{ rates: 'other' as never }, 'rates'],
    [{ goal: 'other' as never }, 'goal'],
    [{ answer: 'other' as never }, 'answer'],
    [{ scales: [1, 1] }, 'scales'],
    [{ scales: [1, 1, 0, 1] }, 'scales'],
    [{ restart: -1 }, 'restart'],
    [{ firstGenerationShift: -1 }, 'firstGenerationShift'],
    [{ covariance: [1, 2] }, 'covariance'],
    [{ covariance: [1, 2, 0, 0, 3, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] }, 'covariance'],
    [{ covariance: Array(16).fill(0) }, 'covariance'],
    [{ model: 'iso', covariance: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] }, 'covariance'],
    [{ bounds: { lower: 0 } }, 'mean'],
    [{ bounds: { lower: 5, upper: -5 } }, 'bounds'],
    [{ bounds: { lower: [0, 0] } }, 'bounds.lower'],
    [{ bounds: { lower: -5, handling: 'bounce' as never } }, 'bounds.handling'],
    [{ stop: { targetFitness: Number.NaN } }, 'stop.targetFitness'],
    [{ stop: { noEffect: 1 as never } }, 'stop.noEffect'],
    [{ stop: { other: 1 } as never }, 'other'],
    [{ noise: { share: 0 } }, 'noise.share'],
    [{ noise: { maximumEffort: 0 } }, 'noise.maximumEffort'],
  ] as [Partial<CmaEsOptions>, string][])('refuses %o', (options, argument) => {
    let error: unknown;
    try {
      make(options);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as InvalidArgumentError).details.argument).toBe(argument);
  });

  it('takes one dimension, and three candidates', () => {
    const line = new CmaEs({ mean: [5], sigma: 1, seed: 1, stop: { targetFitness: 1e-8 } });
    expect(run(line, sphere, 500).stopReason).toBe('targetFitness');
    const few = make({ populationSize: 3, stop: { targetFitness: 1e-8 } });
    expect(run(few, sphere, 3000).stopReason).toBe('targetFitness');
  });

  it('chooses a model by the dimension', () => {
    const chosen = (n: number) => {
      const { model, factor, precision } = new CmaEs({
        mean: new Float64Array(n),
        sigma: 1,
        seed: 1,
      }).options;
      return [model, factor, precision];
    };
    expect(chosen(200)).toEqual(['full', 'eigen', 'double']);
    expect(chosen(201)).toEqual(['full', 'matrix-adaptation', 'double']);
    expect(chosen(501)[0]).toBe('sep');
  });

  it('scales coordinates', () => {
    const scales = [1, 10, 100, 1000];
    const scaled = make({ mean: [0, 0, 0, 0], scales });
    const plain = make({ mean: [0, 0, 0, 0] });
    for (const [index, { parameters }] of scaled.ask().entries()) {
      expect([...parameters]).toEqual(
        [...plain.ask()[index]!.parameters].map((x, i) => x * scales[i]!),
      );
    }
  });

  it('keeps a history as plain data', () => {
    const strategy = run(make(), ellipsoid, 30);
    expect(JSON.parse(JSON.stringify(strategy.history))).toEqual(strategy.history);
    expect(strategy.history.length).toBe(30);
    for (const [generation, record] of strategy.history.entries()) {
      expect(record.generation).toBe(generation);
      expect(record.evaluations).toBe((generation + 1) * 8);
      expect(record.best).toBeLessThanOrEqual(record.median);
      expect(record.median).toBeLessThanOrEqual(record.worst);
      expect(record.smallestDeviation).toBeLessThanOrEqual(record.meanDeviation);
      expect(record.meanDeviation).toBeLessThanOrEqual(record.largestDeviation);
      expect(record.axisRatio).toBeGreaterThanOrEqual(1);
    }
    expect(strategy.history[29]!.axisRatio).toBeGreaterThan(3);
  });
});
