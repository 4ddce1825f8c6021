import type { CmaEs } from '../cma-es.js';
import { addScaled, dot } from '../models/vector-math.js';
import { fillNormals } from '../normals/fill-normals.js';

export type TestFunction = (x: Float64Array) => number;

export const sphere: TestFunction = (x) => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return sum;
};

const scales = new Map<number, Float64Array>();

/** 10^6 to the power of i / (n − 1). */
function scalesOf(n: number): Float64Array {
  const known = scales.get(n);
  if (known) return known;
  const made = Float64Array.from({ length: n }, (_, i) => 1e6 ** (i / (n - 1)));
  scales.set(n, made);
  return made;
}

/** Condition 10^6. */
export const ellipsoid: TestFunction = (x) => {
  const scale = scalesOf(x.length);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += scale[i]! * x[i]! * x[i]!;
  return sum;
};

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
  const turned = new Float64Array(dimension);
  return (x) => {
    // Four sums at a time: each waits for its own last term only.
    for (let row = 0; row < dimension; row += 4) {
      const last = dimension - 1;
      const [a, b] = [basis[row]!, basis[Math.min(row + 1, last)]!];
      const [c, d] = [basis[Math.min(row + 2, last)]!, basis[Math.min(row + 3, last)]!];
      let [ofA, ofB, ofC, ofD] = [0, 0, 0, 0];
      for (let i = 0; i < dimension; i++) {
        const value = x[i]!;
        ofA += a[i]! * value;
        ofB += b[i]! * value;
        ofC += c[i]! * value;
        ofD += d[i]! * value;
      }
      turned[row] = ofA;
      if (row < last) turned[row + 1] = ofB;
      if (row + 1 < last) turned[row + 2] = ofC;
      if (row + 2 < last) turned[row + 3] = ofD;
    }
    return fitness(turned);
  };
}
