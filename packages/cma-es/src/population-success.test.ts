import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import { afterGeneration, excessSuccess } from './population-success.js';
import { neverStop } from './stop.js';
import { run, sphere } from './testing/functions.js';

/** Pair by pair. */
function slowExcess(costs: readonly number[], previous: readonly number[]): number {
  const pairs = costs.flatMap((cost) => previous.map((old) => [cost, old] as const));
  const values = pairs.map(([cost, old]) => (cost === old ? 0 : (cost < old ? 1 : -1) - 0.25));
  return values.reduce((sum, value) => sum + value, 0) / pairs.length;
}

describe('population success', () => {
  it('is the mean over all pairs', () => {
    const list = fc.array(fc.constantFrom(1, 2, 3, 4, Number.POSITIVE_INFINITY), { minLength: 1 });
    fc.assert(
      fc.property(list, list, (costs, previous) => {
        const sorted = [costs, previous].map((values) => Float64Array.from(values).sort());
        expect(excessSuccess(sorted[0]!, sorted[1]!)).toBeCloseTo(slowExcess(costs, previous), 12);
      }),
    );
  });

  it('lets sigma grow with success, shrink without, and be where nothing is told apart', () => {
    const first = afterGeneration({ previous: null, smoothed: 0 }, Float64Array.of(3, 4, 5));
    expect(first.logFactor).toBe(0);
    expect(afterGeneration(first, Float64Array.of(2, 0, 1)).logFactor).toBeCloseTo(0.3 * 0.75);
    expect(afterGeneration(first, Float64Array.of(8, 9, 7)).logFactor).toBeCloseTo(-0.3 * 1.25);
    const equal = Float64Array.of(1, 1, 1);
    expect(afterGeneration(afterGeneration(first, equal), equal).logFactor).toBeCloseTo(
      0.7 * 0.225,
    );
  });

  it('is what moves lm-ma, unless there is noise or a bound, and any model on request', () => {
    const start = { mean: [1, 1, 1, 1, 1], sigma: 1, seed: 1 };
    const ruleOf = (options: object) => new CmaEs({ ...start, ...options }).options.stepSize;
    expect(ruleOf({ model: 'lm-ma' })).toBe('success');
    expect(ruleOf({ model: 'lm-ma', noise: {} })).toBe('path');
    expect(ruleOf({ model: 'lm-ma', bounds: { lower: -3 } })).toBe('path');
    expect(ruleOf({ model: 'sep' })).toBe('path');
    const strategy = new CmaEs({ ...start, stepSize: 'success', stop: neverStop });
    expect(run(strategy, sphere, 150).best!.fitness).toBeLessThan(1e-6);
    const loaded = CmaEs.load(strategy.save());
    expect(run(loaded, sphere, 20).save()).toEqual(run(strategy, sphere, 20).save());
  });
});
