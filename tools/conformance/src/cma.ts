import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CmaEs, neverStop, type Rates, type RatesName, ratesOf } from '@namm/cma-es';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';
import { readJson } from './model-fixture.js';

type Vector = readonly number[];

/** One generation: what was sampled and told, then the distribution after it. */
interface RecordedGeneration {
  readonly z: readonly Vector[];
  readonly x: readonly Vector[];
  readonly f: Vector;
  readonly mean: Vector;
  readonly sigma: number;
  readonly C?: readonly Vector[];
  readonly C_diag: Vector;
  readonly p_c: Vector;
  readonly p_sigma: Vector;
}

interface RecordedRun {
  readonly kind: 'full' | 'sep-exponential' | 'sep-additive';
  readonly minimise: boolean;
  readonly gens: readonly RecordedGeneration[];
  readonly N: number;
  readonly lam: number;
  readonly function: string;
  readonly x0: Vector;
  readonly sigma0: number;
  readonly shift_first_gen?: boolean;
}

type RatesRow = Readonly<Record<string, RecordedRates | undefined>> & {
  readonly N: number;
  readonly lam: number;
};

interface RecordedRates {
  readonly weights: Vector;
  readonly mueff?: number;
  readonly c1: number;
  readonly cmu: number;
  readonly csigma?: number;
  readonly dsigma?: number;
  readonly cc: number;
  readonly chi?: number;
}

const runFile = /^(cmaes|pycma|tutorial|namm_reference)_\w+\.json$/;
const ratesFile = 'rates.json';

/** Recorded runs and tables of rates of other CMA-ES implementations. */
export const cma: ConformanceKind = {
  name: 'cma',
  async recognises(folder) {
    return (await readdir(folder)).some((file) => runFile.test(file));
  },
  async *run(folder) {
    const files = (await readdir(folder)).sort();
    for (const file of files.filter((name) => runFile.test(name))) {
      const run = (await readJson(join(folder, file))) as unknown as RecordedRun;
      yield repeatRun(basename(file, '.json'), run);
    }
    if (!files.includes(ratesFile)) return;
    const { rows } = (await readJson(join(folder, ratesFile))) as unknown as {
      readonly rows: readonly RatesRow[];
    };
    for (const row of rows) yield* compareRates(row);
  },
};

/** Largest difference over the largest expected number. */
function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  let scale = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return scale === 0 ? largest : largest / scale;
}

/** The far sphere loses digits in x − mean; the NAMM reference keeps its weights in single precision. */
function toleranceOf(name: string): number {
  if (name.startsWith('namm_reference')) return 1e-5;
  return name.includes('_sphere_') ? 1e-8 : 1e-10;
}

/** Samples with the recorded normal numbers, tells the recorded fitness, compares generation by generation. */
function repeatRun(name: string, run: RecordedRun): ConformanceResult {
  const strategy = new CmaEs({
    mean: run.x0,
    sigma: run.sigma0,
    seed: 0,
    populationSize: run.lam,
    goal: run.minimise ? 'minimise' : 'maximise',
    rates: name.split('_')[0] as RatesName,
    stop: neverStop,
    firstGenerationShift: run.shift_first_gen ? 1e-6 : 0,
    ...(run.kind === 'full' ? { model: 'full', factor: 'eigen' } : { model: 'sep' }),
    normals: (target, _seed, [generation, index]) => target.set(run.gens[generation]!.z[index]!),
  });
  let error = 0;
  let worst = '';
  const compare = (what: string, actual: ArrayLike<number>, expected: ArrayLike<number>) => {
    const difference = relativeDifference(actual, expected);
    if (difference <= error) return;
    error = difference;
    worst = `${what} of generation ${strategy.generation}`;
  };
  for (const expected of run.gens) {
    const candidates = strategy.ask();
    for (const [index, { parameters }] of candidates.entries()) {
      compare(`x ${index}`, parameters, expected.x[index]!);
    }
    const sign = run.minimise ? 1 : -1; // a run that maximises was told −f
    const told = candidates.map(({ id }, index) => ({ id, fitness: sign * expected.f[index]! }));
    strategy.tell(told);
    compare('mean', strategy.mean, expected.mean);
    compare('sigma', [strategy.sigma], [expected.sigma]);
    compare('p_sigma', strategy.stepSizePath, expected.p_sigma);
    compare('p_c', strategy.covariancePath ?? [], expected.p_c);
    const covariance = strategy.covariance();
    const diagonal = expected.C_diag.map((_, i) => covariance[i * (run.N + 1)]!);
    compare('diagonal of C', diagonal, expected.C_diag);
    if (expected.C) compare('C', covariance, expected.C.flat());
  }
  const tolerance = toleranceOf(name);
  return { kind: 'cma', name, error, tolerance, ok: error <= tolerance, note: worst };
}

const fields = {
  mueff: 'effectiveParents',
  c1: 'rankOne',
  cmu: 'rankMu',
  csigma: 'stepSizePath',
  dsigma: 'damping',
  cc: 'covariancePath',
  chi: 'expectedNorm',
} as const satisfies Partial<Record<keyof RecordedRates, keyof Rates>>;

const tables = {
  tutorial: ['tutorial', 'full', 1e-12],
  pycma: ['pycma', 'full', 1e-12],
  cmaes: ['cmaes', 'full', 1e-12],
  namm: ['namm', 'full', 1e-12],
  namm_reference_float32: ['namm', 'full', 1e-6],
  pycma_sep: ['pycma', 'separable', 1e-12],
  cmaes_sep: ['cmaes', 'separable', 1e-12],
} as const;

function* compareRates(row: RatesRow): Iterable<ConformanceResult> {
  for (const [table, [rates, form, tolerance]] of Object.entries(tables)) {
    const expected = row[table];
    if (!expected) continue;
    const actual = ratesOf(rates, row.N, row.lam, form);
    // a table of positive weights alone leaves out the zeros
    const weights = actual.weights.slice(0, expected.weights.length);
    let error = relativeDifference(weights, expected.weights);
    for (const [field, name] of Object.entries(fields)) {
      const value = expected[field as keyof typeof fields];
      if (value === undefined) continue;
      error = Math.max(error, relativeDifference([actual[name]], [value]));
    }
    const name = `rates ${table}, N ${row.N}, lambda ${row.lam}`;
    yield { kind: 'cma', name, error, tolerance, ok: error <= tolerance };
  }
}
