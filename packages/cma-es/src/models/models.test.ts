import { InvalidArgumentError } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { CmaEs } from '../cma-es.js';
import { cholesky } from '../linear-algebra/cholesky.js';
import { fillNormals } from '../normals/fill-normals.js';
import { ratesOf } from '../rates/rates.js';
import { ellipsoid, run } from '../testing/functions.js';
import { models } from '../testing/models.js';
import type { CovarianceModel, CovarianceUpdate } from './covariance-model.js';
import { createModel, type ModelChoice } from './create-model.js';
import { LimitedMemoryModel } from './limited-memory-model.js';
import { dot } from './vector-math.js';

const n = 10;

function normalVectors(count: number, length: number, seed: number): Float64Array[] {
  return Array.from({ length: count }, (_, index) => {
    const vector = new Float64Array(length);
    fillNormals(vector, seed, [index, 0, 0]);
    return vector;
  });
}

function transform(model: CovarianceModel, normals: readonly Float64Array[]): Float64Array[] {
  const steps = normals.map((normal) => new Float64Array(normal.length));
  model.transform(normals, steps);
  return steps;
}

/** A model after some generations on the ellipsoid, with the options it was made from. */
function adapted(options: object, generations = 60) {
  const mean = new Float64Array(n).fill(1);
  return run(new CmaEs({ mean, sigma: 1, seed: 5, ...options }), ellipsoid, generations);
}

describe.each(Object.entries(models))('%s', (_, options) => {
  it('has a symmetric positive definite covariance, and knows its diagonal', () => {
    const strategy = adapted(options);
    const covariance = strategy.covariance();
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const [a, b] = [covariance[i * n + j]!, covariance[j * n + i]!];
        expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(a)));
      }
    }
    expect(() => cholesky(covariance, n)).not.toThrow();
    const { smallestDeviation, largestDeviation, sigma } = strategy.history[59]!;
    if (Number.isNaN(largestDeviation)) return;
    const deviations = Array.from(
      { length: n },
      (_, i) => sigma * Math.sqrt(covariance[i * n + i]!),
    );
    expect(smallestDeviation / Math.min(...deviations)).toBeCloseTo(1, 4);
    expect(largestDeviation / Math.max(...deviations)).toBeCloseTo(1, 4);
  });
});

it('tells deviations under matrix adaptation also while they are not renewed', () => {
  const mean = new Float64Array(400);
  const options = { factor: 'matrix-adaptation' } as const;
  const strategy = run(new CmaEs({ mean, sigma: 0.1, seed: 5, ...options }), ellipsoid, 12);
  for (const { sigma, smallestDeviation, largestDeviation, axisRatio } of strategy.history) {
    expect(smallestDeviation / sigma).toBeGreaterThan(0.8);
    expect(largestDeviation / sigma).toBeLessThan(1.25);
    expect(largestDeviation / smallestDeviation).toBeCloseTo(axisRatio, 9);
  }
});

const choices: Record<string, ModelChoice> = {
  eigen: { model: 'full', factor: 'eigen', precision: 'double' },
  'matrix adaptation': { model: 'full', factor: 'matrix-adaptation', precision: 'double' },
  'single precision': { model: 'full', factor: 'matrix-adaptation', precision: 'single' },
  sep: { model: 'sep', factor: 'eigen', precision: 'double' },
  iso: { model: 'iso', factor: 'eigen', precision: 'double' },
  'lm-ma': { model: 'lm-ma', factor: 'eigen', precision: 'double' },
};

/** The update of a generation whose candidates are ranked as they were drawn. */
function updateOf(model: CovarianceModel, length: number, seed: number): CovarianceUpdate {
  const rates = ratesOf('pycma', length, 12);
  const normals = normalVectors(12, length, seed);
  const steps = transform(model, normals);
  const mean = (vectors: readonly Float64Array[]) =>
    Float64Array.from({ length }, (_, i) =>
      vectors.reduce(
        (sum, vector, rank) => sum + Math.max(0, rates.weights[rank]!) * vector[i]!,
        0,
      ),
    );
  return {
    step: (rank) => steps[rank]!,
    normals,
    weights: rates.weights,
    meanStep: mean(steps),
    meanNormal: mean(normals),
    pathMoves: true,
    rates,
    negativeScale: (squared) => length / squared,
  };
}

describe('models', () => {
  it.each(Object.entries(choices))(
    '%s: samples with the covariance that it reports',
    (_, choice) => {
      const model = createModel(choice, n, 'pycma', null);
      for (let generation = 0; generation < 40; generation++)
        model.update(updateOf(model, n, generation));
      const covariance = model.covariance();
      const count = 50_000;
      const sums = new Float64Array(n);
      const products = new Float64Array(n * n);
      for (let first = 0; first < count; first += 100) {
        for (const step of transform(model, normalVectors(100, n, 1000 + first))) {
          for (let i = 0; i < n; i++) {
            sums[i] = sums[i]! + step[i]! / count;
            for (let j = 0; j < n; j++) {
              products[i * n + j] = products[i * n + j]! + (step[i]! * step[j]!) / count;
            }
          }
        }
      }
      for (let i = 0; i < n; i++) {
        const deviation = Math.sqrt(covariance[i * n + i]!);
        expect(Math.abs(sums[i]!)).toBeLessThan((5 * deviation) / Math.sqrt(count));
        for (let j = 0; j < n; j++) {
          // five standard errors of a product of normal numbers
          const scale = deviation * Math.sqrt(covariance[j * n + j]!);
          const error = Math.abs(products[i * n + j]! - covariance[i * n + j]!);
          expect(error).toBeLessThan(5 * scale * Math.sqrt(2 / count));
        }
      }
    },
  );

  it.each(Object.entries(choices))('%s: whitens what it transformed', (name, choice) => {
    const model = createModel(choice, n, 'pycma', null);
    for (let generation = 0; generation < 30; generation++)
      model.update(updateOf(model, n, generation));
    const [normal] = normalVectors(1, n, 99) as [Float64Array];
    const back = model.whiten(transform(model, [normal])[0]!);
    const error = back.map((value, i) => value - normal[i]!);
    const tolerance = name === 'single precision' ? 1e-5 : 1e-9;
    expect(Math.sqrt(dot(error, error))).toBeLessThan(tolerance);
  });

  it('adapt the same covariance with the eigendecomposition and with matrix adaptation, to first order', () => {
    const size = 60;
    const [eigen, adaptation, single] = ['eigen', 'matrix adaptation', 'single precision'].map(
      (name) => createModel(choices[name]!, size, 'pycma', null),
    ) as [CovarianceModel, CovarianceModel, CovarianceModel];
    for (let generation = 0; generation < 20; generation++) {
      // the same y for both, so that only the update differs
      const update = updateOf(adaptation, size, generation);
      const normals = update.normals.map((_, rank) => eigen.whiten(update.step(rank)));
      eigen.update({ ...update, normals });
      single.update(updateOf(single, size, generation));
      adaptation.update(update);
    }
    const expected = eigen.covariance();
    const actual = adaptation.covariance();
    let largest = 0;
    let change = 0;
    for (let at = 0; at < expected.length; at++) {
      const identity = at % (size + 1) === 0 ? 1 : 0;
      largest = Math.max(largest, Math.abs(actual[at]! - expected[at]!));
      change = Math.max(change, Math.abs(expected[at]! - identity));
    }
    expect(change).toBeGreaterThan(0.02);
    expect(largest).toBeLessThan(0.1 * change);
    // single precision drifts from double by rounding alone
    const rounded = single.covariance();
    expect(Math.max(...rounded.map((value, at) => Math.abs(value - actual[at]!)))).toBeLessThan(
      2e-6,
    );
  });

  it('give the same steps in full and separable form while the covariance is diagonal', () => {
    const variances = Float64Array.from({ length: n }, (_, i) => 1 + i);
    const covariance = new Float64Array(n * n);
    for (let i = 0; i < n; i++) covariance[i * n + i] = variances[i]!;
    const normals = normalVectors(5, n, 1);
    const steps = Object.entries(choices)
      .filter(([name]) => name !== 'iso' && name !== 'lm-ma' && name !== 'single precision')
      .map(([, choice]) => transform(createModel(choice, n, 'pycma', covariance), normals));
    for (const other of steps.slice(1)) {
      for (const [index, step] of other.entries()) {
        for (let i = 0; i < n; i++) expect(step[i]!).toBeCloseTo(steps[0]![index]![i]!, 12);
      }
    }
  });

  it('refuse a covariance that is not positive definite', () => {
    const covariance = Float64Array.of(1, 2, 2, 1);
    expect(() => createModel(choices['matrix adaptation']!, 2, 'pycma', covariance)).toThrow(
      InvalidArgumentError,
    );
    expect(() => createModel(choices.eigen!, 2, 'pycma', covariance)).toThrow(InvalidArgumentError);
  });
});

// Loshchilov, Glasmachers and Beyer 2019, algorithm 1, by its formulas
it('lm-ma transforms by the product of the published corrections, which follow the steps', () => {
  const model = new LimitedMemoryModel(n, false);
  const count = 4 + Math.floor(3 * Math.log(n));
  let directions = Array.from({ length: count }, () => new Array<number>(n).fill(0));
  for (let generation = 0; generation < count + 3; generation++) {
    const update = updateOf(model, n, generation);
    model.update(update);
    const { meanNormal, normals, rates } = update;
    directions = directions.map((direction, j) => {
      const c = Math.min(1, normals.length / (4 ** j * n));
      const gain = Math.sqrt(c * (2 - c) * rates.effectiveParents);
      return direction.map((m, i) => (1 - c) * m + gain * meanNormal[i]!);
    });
    const [normal] = normalVectors(1, n, 1000 + generation);
    let expected = [...normal!];
    for (const [j, direction] of directions.slice(0, generation + 1).entries()) {
      const c = 1 / (1.5 ** j * n);
      const along = direction.reduce((sum, m, i) => sum + m * expected[i]!, 0);
      expected = expected.map((y, i) => (1 - c) * y + c * along * direction[i]!);
    }
    const [step] = transform(model, [normal!]);
    for (const [i, y] of step!.entries()) expect(y).toBeCloseTo(expected[i]!, 10);
  }
});
