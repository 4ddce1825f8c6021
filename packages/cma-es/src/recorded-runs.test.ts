import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CmaEs } from './cma-es.js';
import type { RatesName } from './rates/rates.js';
import { neverStop } from './stop.js';

interface Run {
  readonly kind: string;
  readonly minimise: boolean;
  readonly lam: number;
  readonly x0: number[];
  readonly sigma0: number;
  readonly shift_first_gen?: boolean;
  readonly gens: readonly {
    readonly z: number[][];
    readonly f: number[];
    readonly mean: number[];
    readonly sigma: number;
    readonly p_c: number[];
    readonly p_sigma: number[];
    readonly C_diag: number[];
  }[];
}

const fixture = new URL('./__fixtures__/recorded-runs.json', import.meta.url);
const runs: Record<string, Run> = JSON.parse(await readFile(fixture, 'utf8'));

function expectClose(actual: ArrayLike<number>, expected: number[], tolerance: number) {
  const scale = Math.max(...expected.map(Math.abs), 1e-300);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i]! - value) / scale).toBeLessThan(tolerance);
  }
}

describe('recorded runs of other implementations', () => {
  it.each(Object.entries(runs))('%s: the same distribution after every generation', (name, run) => {
    const full = run.kind === 'full';
    const strategy = new CmaEs({
      mean: run.x0,
      sigma: run.sigma0,
      seed: 0,
      populationSize: run.lam,
      goal: run.minimise ? 'minimise' : 'maximise',
      rates: name.split('_')[0] as RatesName,
      model: full ? 'full' : 'sep',
      firstGenerationShift: run.shift_first_gen ? 1e-6 : 0,
      stop: neverStop,
      normals: (target, _seed, [generation, index]) => target.set(run.gens[generation]!.z[index]!),
    });
    // cancellation in x − mean on the far sphere; single precision weights in the NAMM reference
    const tolerance = name.startsWith('namm') ? 1e-5 : name.includes('sphere') ? 1e-8 : 1e-10;
    for (const expected of run.gens) {
      const sign = run.minimise ? 1 : -1;
      const ids = strategy.ask().map(({ id }) => id);
      strategy.tell(ids.map((id, index) => ({ id, fitness: sign * expected.f[index]! })));
      expectClose(strategy.mean, expected.mean, tolerance);
      expectClose([strategy.sigma], [expected.sigma], tolerance);
      expectClose(strategy.stepSizePath, expected.p_sigma, tolerance);
      expectClose(strategy.covariancePath!, expected.p_c, tolerance);
      const n = run.x0.length;
      const covariance = strategy.covariance();
      expectClose(
        run.x0.map((_, i) => covariance[i * (n + 1)]!),
        expected.C_diag,
        tolerance,
      );
    }
  });
});
