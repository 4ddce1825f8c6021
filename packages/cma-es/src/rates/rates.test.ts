import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type Rates, type RatesName, ratesOf } from './rates.js';

type Row = Readonly<Record<string, Readonly<Record<string, number | number[]>>>> & {
  readonly N: number;
  readonly lam: number;
};

const fixture = new URL('../__fixtures__/rates.json', import.meta.url);
const { rows }: { rows: Row[] } = JSON.parse(await readFile(fixture, 'utf8'));

const names = {
  mueff: 'effectiveParents',
  c1: 'rankOne',
  cmu: 'rankMu',
  csigma: 'stepSizePath',
  dsigma: 'damping',
  cc: 'covariancePath',
  chi: 'expectedNorm',
} as const satisfies Record<string, keyof Rates>;

describe('ratesOf', () => {
  // of the objects of pycma 4.5.0, cmaes 0.13.1 and the reference NAMM implementation
  it.each([
    ['tutorial', 'full', 'tutorial', 1e-12],
    ['pycma', 'full', 'pycma', 1e-12],
    ['cmaes', 'full', 'cmaes', 1e-12],
    ['namm', 'full', 'namm', 1e-12],
    ['namm', 'full', 'namm_reference_float32', 1e-6],
    ['pycma', 'separable', 'pycma_sep', 1e-12],
    ['cmaes', 'separable', 'cmaes_sep', 1e-12],
  ] as const)('gives the recorded numbers of %s, %s (%s)', (name, form, table, tolerance) => {
    const known = rows.filter((row) => row[table]);
    expect(known.length).toBeGreaterThan(3);
    for (const row of known) {
      const rates = ratesOf(name, row.N, row.lam, form);
      const expected = row[table]!;
      for (const [field, key] of Object.entries(names)) {
        if (expected[field] === undefined) continue;
        expect(rates[key] / (expected[field] as number), `${field}, N ${row.N}`).toBeCloseTo(
          1,
          -Math.log10(2 * tolerance),
        );
      }
      for (const [rank, weight] of (expected.weights as number[]).entries()) {
        expect(Math.abs(rates.weights[rank]! - weight)).toBeLessThanOrEqual(tolerance);
      }
    }
  });

  it('has positive weights that sum to 1, descending, and without decay of the matrix', () => {
    for (const name of ['tutorial', 'pycma', 'cmaes', 'namm'] as RatesName[]) {
      for (const [n, populationSize] of [
        [1, 4],
        [2, 3],
        [10, 10],
        [200, 19],
        [4172, 32],
      ] as const) {
        const { weights, rankOne, rankMu } = ratesOf(name, n, populationSize);
        const positive = weights.filter((weight) => weight > 0);
        expect(positive.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
        expect([...weights].sort((a, b) => b - a)).toEqual(weights);
        const decay = rankOne + rankMu * weights.reduce((a, b) => a + b);
        // c_1 + c_μ Σ w = 0 at default populations (α_μ⁻), never negative beyond rounding
        expect(decay).toBeGreaterThan(-1e-12);
        expect(decay).toBeLessThan(1);
        if (n >= 10) expect(Math.abs(decay)).toBeLessThan(1e-12);
      }
    }
  });

  it('raises separable rates, since fewer numbers are learned', () => {
    for (const name of ['tutorial', 'pycma', 'cmaes', 'namm'] as RatesName[]) {
      const full = ratesOf(name, 1000, 24);
      const separable = ratesOf(name, 1000, 24, 'separable');
      expect(separable.rankMu).toBeGreaterThan(100 * full.rankMu);
      expect(separable.rankOne + separable.rankMu).toBeLessThan(1);
    }
  });
});
