import { FileFormatError } from '@namm/core/portable';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import type { CmaEsOptions } from './options.js';
import { ellipsoid, run, stateOf } from './testing/functions.js';
import { models } from './testing/models.js';

const mean = Float64Array.from({ length: 9 }, (_, i) => Math.sin(i));
const variants: Record<string, Partial<CmaEsOptions>> = {
  ...models,
  'with penalty': { bounds: { lower: -1, upper: [2, 2, 2, 2, 2, 2, 2, 2, 1] } },
  'with clipping': { bounds: { lower: -1, upper: 2, handling: 'clip' }, model: 'sep' },
  'under noise': { noise: { share: 0.3, maximumEffort: 4 } },
  maximising: { goal: 'maximise', scales: mean.map((x) => 1 + x * x) },
};
const make = (options: Partial<CmaEsOptions> = {}) =>
  new CmaEs({ mean, sigma: 0.5, seed: 3, ...options });

describe('save and load', () => {
  it.each(Object.entries(variants))(
    '%s: 2N generations are N, save, load and N, bit for bit',
    (_, options) => {
      const straight = run(make(options), ellipsoid, 40);
      const half = run(make(options), ellipsoid, 20);
      const resumed = run(CmaEs.load(half.save()), ellipsoid, 20);
      expect(stateOf(resumed)).toEqual(stateOf(straight));
      expect(resumed.save()).toEqual(straight.save());
    },
  );

  it.each(Object.entries(variants))('%s: leaves the bytes as they were', (_, options) => {
    const bytes = run(make(options), ellipsoid, 5).save();
    const before = bytes.slice();
    run(CmaEs.load(bytes), ellipsoid, 5);
    expect(bytes).toEqual(before);
  });

  it.each(Object.entries(variants))('%s: also when saved between any two results', (_, options) => {
    const straight = run(make(options), ellipsoid, 6);
    let strategy = make(options);
    while (strategy.generation < 6) {
      const { id, parameters } = strategy.pending()[0]!;
      strategy.tell([{ id, fitness: ellipsoid(parameters) }]);
      strategy = CmaEs.load(strategy.save());
    }
    expect(strategy.save()).toEqual(straight.save());
  });

  it('keeps injected points, asked for or not, and the start from a covariance', () => {
    const covariance = Float64Array.from({ length: 81 }, (_, at) =>
      at % 10 === 0 ? 1 + at / 80 : 0.1,
    );
    const inject = (strategy: CmaEs) => {
      strategy.inject([mean.map((x) => x + 3)]);
      return strategy;
    };
    for (const model of [
      { model: 'full' },
      { model: 'full', factor: 'matrix-adaptation' },
    ] as const) {
      const straight = inject(run(make({ ...model, covariance }), ellipsoid, 5));
      const waiting = CmaEs.load(straight.save());
      straight.ask();
      const asked = CmaEs.load(straight.save());
      for (const strategy of [straight, waiting, asked]) run(strategy, ellipsoid, 5);
      expect(waiting.save()).toEqual(straight.save());
      expect(asked.save()).toEqual(straight.save());
    }
  });

  it('keeps a stop, its reason, and limits that are infinite', () => {
    const stop = { maximumGenerations: 2, targetFitness: Number.NEGATIVE_INFINITY };
    const loaded = CmaEs.load(run(make({ stop }), ellipsoid, 5).save());
    expect(loaded.stopReason).toBe('maximumGenerations');
    expect(loaded.options.stop.targetFitness).toBe(Number.NEGATIVE_INFINITY);
  });

  it('refuses every cut and every changed bit', () => {
    const bytes = run(make({ model: 'sep' }), ellipsoid, 3).save();
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(() => CmaEs.load(bytes.subarray(0, length))).toThrow(FileFormatError);
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const damaged = bytes.slice();
        damaged[at] = damaged[at]! ^ (1 << bit);
        let loaded: CmaEs | null = null;
        try {
          loaded = CmaEs.load(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(FileFormatError);
        }
        // spaces that pad the header are all that may change unseen
        if (loaded) expect(loaded.save()).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses files of something else', () => {
    expect(() => CmaEs.load(new Uint8Array(0))).toThrow(FileFormatError);
    expect(() => CmaEs.load(new TextEncoder().encode('no strategy at all'))).toThrow(
      FileFormatError,
    );
  });
});
