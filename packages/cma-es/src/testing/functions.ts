import type { CmaEs } from '../cma-es.js';
import { addScaled, dot } from '../models/vector-math.js';
import { fillNormals } from '../normals/fill-normals.js';

export type TestFunction = (x: Float64Array) => number;

export const sphere: TestFunction = (x) => x.reduce((sum, value) => sum + value * value, 0);

/** Condition 10^6. */
export const ellipsoid: TestFunction = (x) =>
  x.reduce((sum, value, i) => sum + 1e6 ** (i / (x.length - 1)) * value * value, 0);

/** Asks, evaluates and tells for a number of generations, or until a stop. */
export function run(strategy: CmaEs, fitness: TestFunction, generations: number): CmaEs {
  for (let i = 0; i < generations && !strategy.stopReason; i++) {
    const results = strategy
      .ask()
      .map(({ id, parameters }) => ({ id, fitness: fitness(parameters) }));
    strategy.tell(results);
  }
  return strategy;
}

/** Everything that later generations depend on, as numbers that can be compared bit for bit. */
export function stateOf(strategy: CmaEs) {
  return {
    generation: strategy.generation,
    evaluations: strategy.evaluations,
    sigma: strategy.sigma,
    mean: strategy.mean,
    stepSizePath: strategy.stepSizePath,
    covariancePath: strategy.covariancePath,
    candidates: strategy.stopReason ? [] : strategy.ask(),
    best: strategy.best,
    stopReason: strategy.stopReason,
    history: strategy.history,
  };
}

/** One long axis. */
export const cigar: TestFunction = (x) => 1e6 * sphere(x.subarray(1)) + x[0]! ** 2;

/** One short axis. */
export const discus: TestFunction = (x) => sphere(x.subarray(1)) + 1e6 * x[0]! ** 2;

export const differentPowers: TestFunction = (x) =>
  Math.sqrt(
    x.reduce((sum, value, i) => sum + Math.abs(value) ** (2 + (4 * i) / (x.length - 1)), 0),
  );

/** The function in coordinates of a random orthogonal basis. */
export function rotated(fitness: TestFunction, dimension: number, seed: number): TestFunction {
  const basis: Float64Array[] = [];
  for (let row = 0; row < dimension; row++) {
    const vector = new Float64Array(dimension);
    fillNormals(vector, seed, [row, 0, 0]);
    for (const other of basis) addScaled(vector, -dot(vector, other), other);
    const length = Math.sqrt(dot(vector, vector));
    basis.push(vector.map((value) => value / length));
  }
  return (x) => fitness(Float64Array.from(basis, (vector) => dot(vector, x)));
}
