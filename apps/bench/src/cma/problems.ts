import { Random } from '@namm/core';

/** A function to be minimised, and where runs on it start. */
export interface Problem {
  readonly name: string;
  readonly fitness: (x: Float64Array) => number;
  /** Every coordinate of the first mean. */
  readonly start: number;
  readonly sigma: number;
}

function sum(x: Float64Array, term: (value: number, i: number) => number): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += term(x[i]!, i);
  return total;
}

/** i/(n − 1), from 0 to 1. */
const share = (i: number, x: Float64Array) => (x.length > 1 ? i / (x.length - 1) : 0);

const usual = { start: 1, sigma: 1 };

/** The problems of the anchors, as pycma defines them. */
export const problems: readonly Problem[] = [
  { ...usual, name: 'sphere', fitness: (x) => sum(x, (v) => v * v) },
  { ...usual, name: 'ellipsoid', fitness: (x) => sum(x, (v, i) => 1e6 ** share(i, x) * v * v) },
  { ...usual, name: 'cigar', fitness: (x) => sum(x, (v, i) => (i === 0 ? 1 : 1e6) * v * v) },
  { ...usual, name: 'discus', fitness: (x) => sum(x, (v, i) => (i === 0 ? 1e6 : 1) * v * v) },
  {
    name: 'rosenbrock',
    start: 0,
    sigma: 0.1,
    fitness: (x) => sum(x.subarray(0, -1), (v, i) => 100 * (v * v - x[i + 1]!) ** 2 + (v - 1) ** 2),
  },
  {
    ...usual,
    name: 'different-powers',
    fitness: (x) => Math.sqrt(sum(x, (v, i) => Math.abs(v) ** (2 + 4 * share(i, x)))),
  },
];

/**
 * The problem in coordinates turned by `reflections` random Householder reflections: no longer separable,
 * whatever the dimension, for O(n) each.
 */
export function rotated(problem: Problem, dimension: number, reflections: number): Problem {
  const vectors = Array.from({ length: reflections }, (_, index) => {
    const random = new Random(1, index);
    const vector = Float64Array.from({ length: dimension }, () => random.normal());
    const norm = Math.sqrt(sum(vector, (value) => value * value));
    return vector.map((value) => value / norm);
  });
  const fitness = (x: Float64Array) => {
    const turned = x.slice();
    for (const vector of vectors) {
      const product = 2 * sum(turned, (value, i) => value * vector[i]!);
      for (let i = 0; i < turned.length; i++) turned[i] = turned[i]! - product * vector[i]!;
    }
    return problem.fitness(turned);
  };
  return { ...problem, name: `rotated ${problem.name}`, fitness };
}
