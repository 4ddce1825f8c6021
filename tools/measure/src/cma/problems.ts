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

/** Rounds of {@link rotated}: 2^20 is more than enough for every coordinate to depend on all others. */
const rounds = 20;

/**
 * The problem in coordinates that are turned by a random rotation: rounds of turns by random angles in the planes
 * of random pairs of coordinates, O(n) each.
 */
export function rotated(problem: Problem, dimension: number): Problem {
  const indices = Array.from({ length: dimension }, (_, index) => index);
  const turns = Array.from({ length: rounds }, (_, round) => {
    const random = new Random(1, round);
    const order = random.shuffled(indices);
    return Array.from({ length: Math.floor(dimension / 2) }, (_, pair) => {
      const angle = 2 * Math.PI * random.uniform();
      const [i, j] = [order[2 * pair]!, order[2 * pair + 1]!];
      return { i, j, cosine: Math.cos(angle), sine: Math.sin(angle) };
    });
  }).flat();
  const fitness = (x: Float64Array) => {
    const turned = x.slice();
    for (const { i, j, cosine, sine } of turns) {
      const [a, b] = [turned[i]!, turned[j]!];
      turned[i] = cosine * a - sine * b;
      turned[j] = sine * a + cosine * b;
    }
    return problem.fitness(turned);
  };
  return { ...problem, name: `rotated ${problem.name}`, fitness };
}
