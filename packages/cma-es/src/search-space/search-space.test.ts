import { InvalidArgumentError, Random } from '@namm/core/portable';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { CmaEs } from '../cma-es.js';
import { optimise } from '../optimise.js';
import { deviationsPassed } from './coding.js';
import { SearchSpace } from './search-space.js';

const space = new SearchSpace({
  rate: { kind: 'log', low: 1e-5, high: 1e-1 },
  dropout: { kind: 'linear', low: 0, high: 0.5, start: 0.1 },
  layers: { kind: 'integer', low: 1, high: 8 },
  batch: { kind: 'ordinal', choices: [16, 32, 64] },
  optimiser: { kind: 'categorical', choices: ['sgd', 'adam', 'lion'] },
  bias: { kind: 'categorical', choices: [true, false], start: false },
});

describe('decode and encode', () => {
  it('give values their own types', () => {
    const values = space.decode(new Float64Array(space.dimension));
    expectTypeOf(values.rate).toEqualTypeOf<number>();
    expectTypeOf(values.batch).toEqualTypeOf<16 | 32 | 64>();
    expectTypeOf(values.optimiser).toEqualTypeOf<'sgd' | 'adam' | 'lion'>();
    expectTypeOf(values.bias).toEqualTypeOf<boolean>();
    // @ts-expect-error no such choice
    expect(() => space.encode({ ...values, optimiser: 'rmsprop' })).toThrow(
      /^optimiser: cannot be/,
    );
  });

  it('begin in the middle, or where they are told to', () => {
    const { mean } = space.options;
    expect(space.decode(mean)).toEqual({
      rate: expect.closeTo(1e-3, 12),
      dropout: expect.closeTo(0.1, 12),
      layers: 5,
      batch: 32,
      optimiser: 'sgd', // the first of equal ones
      bias: false,
    });
  });

  it('reach both limits, exactly, and nothing beyond', () => {
    const low = space.decode(new Float64Array(space.dimension));
    const high = space.decode(new Float64Array(space.dimension).fill(1));
    expect([low.rate, low.dropout, low.layers, low.batch]).toEqual([1e-5, 0, 1, 16]);
    expect([high.rate, high.dropout, high.layers, high.batch]).toEqual([1e-1, 0.5, 8, 64]);
    const beyond = space.decode(new Float64Array(space.dimension).fill(9));
    expect(beyond).toEqual(high);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }),
        (point) => {
          const { rate, dropout, layers } = space.decode(point);
          expect(rate >= 1e-5 && rate <= 1e-1 && dropout >= 0 && dropout <= 0.5).toBe(true);
          expect(Number.isInteger(layers) && layers >= 1 && layers <= 8).toBe(true);
        },
      ),
    );
  });

  it('are inverse to each other', () => {
    const values = fc.record({
      rate: fc.double({ min: 1e-5, max: 1e-1, noNaN: true }),
      dropout: fc.double({ min: 0, max: 0.5, noNaN: true }),
      layers: fc.integer({ min: 1, max: 8 }),
      batch: fc.constantFrom(16 as const, 32 as const, 64 as const),
      optimiser: fc.constantFrom('sgd' as const, 'adam' as const, 'lion' as const),
      bias: fc.boolean(),
    });
    fc.assert(
      fc.property(values, (given) => {
        const { rate, dropout, ...exact } = space.decode(space.encode(given));
        expect(exact).toEqual({
          layers: given.layers,
          batch: given.batch,
          optimiser: given.optimiser,
          bias: given.bias,
        });
        expect(rate / given.rate).toBeCloseTo(1, 12);
        expect(dropout).toBeCloseTo(given.dropout, 12);
      }),
    );
  });

  it('take limits of any size', () => {
    const wide = new SearchSpace({
      x: { kind: 'linear', low: -1.7e308, high: 1.7e308, start: 0 },
      tiny: { kind: 'log', low: 5e-324, high: 1.7e308 },
      id: { kind: 'integer', low: 0, high: Number.MAX_SAFE_INTEGER, start: 3 },
    });
    const { x, tiny, id } = wide.decode(wide.options.mean);
    expect([x, id]).toEqual([0, 3]);
    expect(tiny).toBeGreaterThan(1e-9);
    expect(tiny).toBeLessThan(1e-6);
  });
});

describe('margin', () => {
  it('passes a limit with the probability asked for, and little more', () => {
    for (const [share, exact] of [
      [0.25, 0.6745],
      [0.1, 1.2816],
      [0.01, 2.3263],
      [0.001, 3.0902],
    ] as const) {
      expect(deviationsPassed(share)).toBeLessThan(exact);
      expect(deviationsPassed(share)).toBeGreaterThan(0.95 * exact);
    }
  });

  it('leaves every value often enough, from wherever the mean stands', () => {
    const random = new Random(1);
    const { minimumDeviation, mean } = space.options;
    const least = 1 / (space.dimension * new CmaEs({ ...space.options, seed: 1 }).populationSize);
    for (const [name, value] of [
      ['layers', 1],
      ['layers', 4],
      ['layers', 8],
      ['batch', 64],
      ['bias', true],
    ] as const) {
      const centre = space.encode({ ...space.decode(mean), [name]: value } as never);
      const draws = 20_000;
      let left = 0;
      for (let i = 0; i < draws; i++) {
        const point = centre.map(
          (x, at) => x + (minimumDeviation as Float64Array)[at]! * random.normal(),
        );
        if (space.decode(point)[name] !== value) left++;
      }
      expect(left / draws).toBeGreaterThan(least);
    }
  });

  it('holds in a strategy whose sigma has become tiny', () => {
    let strategy = new CmaEs({ ...space.options, seed: 1 });
    const layers = new Set<number>();
    // only the rate counts, and more and more precisely
    for (let generation = 0; generation < 150 && !strategy.stopReason; generation++) {
      const asked = strategy.ask();
      if (generation > 100)
        for (const { parameters } of asked) layers.add(space.decode(parameters).layers);
      strategy.tell(
        asked.map(({ id, parameters }) => ({ id, fitness: Math.abs(parameters[0]! - 0.3) })),
      );
      if (generation % 50 === 0) strategy = space.load(strategy.save());
    }
    expect(strategy.history[strategy.history.length - 1]!.smallestDeviation).toBeLessThan(1e-4);
    expect(layers.size).toBeGreaterThan(1);
  });
});

describe('a search', () => {
  const names = ['a', 'b', 'c', 'd', 'e'] as const;
  const best = { rate: 3e-4, dropout: 0.5, layers: 8, batch: 16, optimiser: 'lion', bias: true };

  it('finds the best of mixed parameters, on limits too', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
      const search = await optimise(
        (x) => {
          const { rate, dropout, layers, batch, optimiser, bias } = space.decode(x);
          const wrong = Number(optimiser !== best.optimiser) + Number(bias !== best.bias);
          const steps = (best.layers - layers) / 8 + Math.log2(batch / best.batch) / 3;
          return Math.log(rate / best.rate) ** 2 + (best.dropout - dropout) + steps + 0.3 * wrong;
        },
        { ...space.options, seed, populationSize: 20, stop: { maximumEvaluations: 1500 } },
      );
      const { rate, dropout, ...exact } = space.decode(search.answer);
      expect(Math.abs(Math.log(rate / best.rate))).toBeLessThan(0.2); // of a range of 9.2
      expect(dropout).toBeGreaterThan(0.48);
      expect({ ...exact, rate: best.rate, dropout: best.dropout }).toEqual(best);
    }
  });

  it('of integers only, some of which freeze without the margin', async () => {
    const integers = new SearchSpace(
      Object.fromEntries(
        names.map((name) => [name, { kind: 'integer', low: -10, high: 10, start: 8 }]),
      ),
    );
    const fitness = (x: Float64Array) =>
      Object.values(integers.decode(x)).reduce((sum, value, i) => sum + 10 ** i * value ** 2, 0);
    const reasons = async (options: object) => {
      const count = { targetFitness: 0, flatGenerations: 0 };
      for (let seed = 1; seed <= 20; seed++) {
        const stop = { maximumEvaluations: 3000, targetFitness: 0 };
        const { stopReason } = await optimise(fitness, {
          ...integers.options,
          seed,
          stop,
          ...options,
        });
        if (stopReason === 'targetFitness' || stopReason === 'flatGenerations') count[stopReason]++;
      }
      return count;
    };
    const withMargin = await reasons({});
    expect(withMargin.targetFitness).toBeGreaterThanOrEqual(15);
    expect(withMargin.flatGenerations).toBe(0);
    expect((await reasons({ minimumDeviation: 0 })).flatGenerations).toBeGreaterThan(0);
  });
});

describe('load', () => {
  it('goes on with the same parameters only', () => {
    const bytes = new CmaEs({ ...space.options, seed: 1 }).save();
    expect(space.load(bytes).save()).toEqual(bytes);
    const one = { kind: 'linear', low: 0, high: 1 } as const;
    const saved = new CmaEs({ ...new SearchSpace({ one }).options, seed: 1 }).save();
    const moved = new SearchSpace({ one: { ...one, start: 0.2 } });
    expect(moved.load(saved).save()).toEqual(saved);
    for (const other of [
      { one: { ...one, high: 2 } },
      { two: one },
      { one: { ...one, kind: 'integer' } },
    ]) {
      expect(() => new SearchSpace(other as never).load(saved)).toThrow(InvalidArgumentError);
    }
  });
});

describe('refuses', () => {
  const linear = { kind: 'linear', low: 0, high: 1 };
  const choices = ['a', 'b'];
  it.each([
    [{}, /there are none/],
    [null, /not an object/],
    [[linear], /not an object/],
    [{ x: [0, 1] }, /^x: a list is not a parameter/],
    [{ x: 5 }, /^x: 5 is not a parameter/],
    [{ x: { ...linear, kind: 'int' } }, /'integer'\?/],
    [{ x: { ...linear, kind: 'loguniform' } }, /'log'\?/],
    [{ x: { ...linear, kind: undefined } }, /^x.kind/],
    [{ x: { type: 'linear', low: 0, high: 1 } }, /mean kind\?/],
    [{ x: { kind: 'linear', min: 0, max: 1 } }, /mean low\?/],
    [{ x: { ...linear, log: true } }, /mean kind: 'log'\?/],
    [{ x: { ...linear, low: null } }, /^x.low: null/],
    [{ x: { ...linear, low: '0' } }, /^x.low: '0'/],
    [{ x: { ...linear, high: Number.POSITIVE_INFINITY } }, /^x.high/],
    [{ x: { ...linear, low: 1 } }, /low must be below high/],
    [{ x: { ...linear, start: 2 } }, /^x.start/],
    [{ x: { kind: 'log', low: 0, high: 1 } }, /no logarithm/],
    [{ x: { kind: 'log', low: -1, high: 1 } }, /no logarithm/],
    [{ x: { kind: 'integer', low: 0.5, high: 3 } }, /safe integer/],
    [{ x: { kind: 'integer', low: 1n, high: 3n } }, /safe integer/],
    [{ x: { kind: 'integer', low: -(2 ** 53 - 1), high: 2 ** 53 - 1 } }, /too many/],
    [{ x: { kind: 'categorical', choices: 'ab' } }, /not a list of two/],
    [{ x: { kind: 'categorical', choices: ['a'] } }, /list of two/],
    [{ x: { kind: 'categorical', choices: ['a', 'a'] } }, /twice/],
    [{ x: { kind: 'categorical', choices: ['a', undefined] } }, /value 1 is undefined/],
    [{ x: { kind: 'categorical', choices: ['a', {}] } }, /value 1 is an object/],
    [{ x: { kind: 'categorical', choices, start: 'c' } }, /none of the choices/],
    [{ x: { kind: 'categorical', choices, low: 0 } }, /not an option/],
    [{ x: { kind: 'ordinal', values: choices } }, /mean choices\?/],
  ])('%o', (parameters, message) => {
    expect(() => new SearchSpace(parameters as never)).toThrow(InvalidArgumentError);
    expect(() => new SearchSpace(parameters as never)).toThrow(message);
  });

  it('points and values that are none', () => {
    const values = space.decode(space.options.mean);
    const { rate, ...incomplete } = values;
    for (const refused of [
      () => space.decode([0.5]),
      () => space.decode([null, 0, 0, 0, 0, 0, 0, 0, 0] as never),
      () => space.encode(null as never),
      () => space.encode(incomplete as never),
      () => space.encode({ ...values, layers: 2.5 }),
      () => space.encode({ ...values, layers: 9 }),
      () => space.encode({ ...values, rate: Number.NaN }),
      () => space.encode({ ...values, other: 1 } as never),
    ]) {
      expect(refused).toThrow(InvalidArgumentError);
    }
    expect(rate).toBeGreaterThan(0);
  });
});
