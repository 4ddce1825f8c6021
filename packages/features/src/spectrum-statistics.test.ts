import { Random } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpectrumStatistics } from './spectrum-statistics.js';

const shape = { layers: 2, heads: 2 };

interface Call {
  layer: number;
  head: number;
  spectrum: Float64Array;
}

function randomCalls(seed: number, count: number): Call[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => ({
    layer: i % 2,
    head: (i >> 1) % 2,
    spectrum: Float64Array.from(
      { length: 17 * (1 + random.integer(9)) },
      () => 1 + random.normal(),
    ),
  }));
}

const measured = (calls: readonly Call[]) => {
  const statistics = new SpectrumStatistics(shape);
  for (const { spectrum, ...head } of calls) statistics.add(spectrum, head);
  return statistics;
};

/** All values of one bin, from which the definition gives the statistics. */
function slowMoments(calls: readonly Call[], bin: number) {
  const values = calls.flatMap(({ spectrum }) => {
    const tokens = spectrum.length / 17;
    return [...spectrum.subarray(bin * tokens, (bin + 1) * tokens)];
  });
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { count: values.length, mean, variance };
}

describe('SpectrumStatistics', () => {
  it('gives mean and population variance over all tokens, or those of a head', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 8, max: 20 }), (seed, count) => {
        const calls = randomCalls(seed, count);
        const statistics = measured(calls);
        const shared = statistics.normaliser();
        const perHead = statistics.normaliser('per-head');
        expect(shared.shape).toEqual([17]);
        expect(perHead.shape).toEqual([2, 2, 17]);
        for (let bin = 0; bin < 17; bin++) {
          const all = slowMoments(calls, bin);
          expect(shared.mean[bin]).toBeCloseTo(all.mean, 6);
          expect(shared.variance[bin]).toBeCloseTo(all.variance, 6);
          expect(shared.count[0]).toBe(all.count);
          const own = slowMoments(
            calls.filter(({ layer, head }) => layer === 1 && head === 0),
            bin,
          );
          expect(perHead.mean[2 * 17 + bin]).toBeCloseTo(own.mean, 6);
          expect(perHead.variance[2 * 17 + bin]).toBeCloseTo(own.variance, 6);
          expect(perHead.count[2]).toBe(own.count);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is the same, measured apart and merged', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(20), (seed, cut) => {
        const calls = randomCalls(seed, 20);
        const merged = measured(calls.slice(0, cut));
        merged.merge(structuredClone(measured(calls.slice(cut)).toData())); // as it comes from a worker
        const whole = measured(calls);
        expect(merged.count).toBe(whole.count);
        const a = merged.toData();
        const b = whole.toData();
        expect(a.count).toEqual(b.count);
        for (const key of ['mean', 'variance'] as const) {
          for (const [i, value] of a[key].entries()) expect(value).toBeCloseTo(b[key][i]!, 10);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('refuses what it cannot count, unchanged', () => {
    const statistics = measured(randomCalls(1, 8));
    const before = statistics.toData();
    const head = { layer: 0, head: 0 };
    expect(() => statistics.add(new Float32Array(18), head)).toThrow(
      /spectrum: not \[17, tokens\]/,
    );
    expect(() => statistics.add(new Float32Array(17).fill(Number.NaN), head)).toThrow(/finite/);
    expect(() => statistics.add(new Float32Array(17), { layer: 2, head: 0 })).toThrow(
      /no head 0 in layer 2/,
    );
    expect(() => statistics.add(new Float32Array(17), { layer: 0, head: 2 })).toThrow(/no head 2/);
    expect(() => statistics.merge(new SpectrumStatistics({ layers: 1, heads: 4 }))).toThrow(
      /1 × 4 heads/,
    );
    const data = statistics.toData();
    const damaged = { ...data, mean: data.mean.map(() => Number.NaN) };
    expect(() => statistics.merge(damaged)).toThrow(/no measurement/);
    expect(statistics.toData()).toEqual(before);
    expect(() => new SpectrumStatistics({ layers: 0, heads: 1 })).toThrow(/layers: 0/);
  });

  it('freezes nothing from too little', () => {
    const statistics = new SpectrumStatistics(shape);
    expect(() => statistics.normaliser()).toThrow(/count 0 .* more text/);
    statistics.add(new Float32Array(17).fill(1), { layer: 0, head: 0 });
    expect(() => statistics.normaliser()).toThrow(/variance of feature 0 is 0/);
    for (const { spectrum, layer } of randomCalls(1, 2))
      statistics.add(spectrum, { layer, head: 0 });
    expect(statistics.normaliser().shape).toEqual([17]);
    expect(() => statistics.normaliser('per-head')).toThrow(/count 0 is not a number of tokens/);
  });
});
