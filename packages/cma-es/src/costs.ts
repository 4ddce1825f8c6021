import type { Generation } from './generation.js';

/** Fitness of a generation as costs: lower is better, Infinity stands for what failed or is not told yet. */
export interface Costs {
  /** Of every candidate's first evaluation. */
  readonly first: Float64Array;
  /** Of the second evaluations, by candidate. */
  readonly second: ReadonlyMap<number, number>;
  /** Of every candidate: the mean of its evaluations. */
  readonly averaged: Float64Array;
}

/** @param sign what costs are multiplied by to give fitness: 1 when minimising, −1 when maximising */
export function costsOf(generation: Generation, sign: 1 | -1): Costs {
  const cost = (slot: number) => {
    const fitness = generation.fitness[slot]!;
    const counts = generation.told[slot] === 1 && Number.isFinite(fitness);
    return counts ? sign * fitness : Number.POSITIVE_INFINITY;
  };
  const first = Float64Array.from({ length: generation.size }, (_, slot) => cost(slot));
  const second = new Map(
    generation.repeated.map((index, place) => [index, cost(generation.size + place)]),
  );
  const averaged = first.map((value, index) => (value + (second.get(index) ?? value)) / 2);
  return { first, second, averaged };
}

/** Index of the lowest cost, the first of equal ones. */
export function lowest(costs: Float64Array): number {
  let index = 0;
  for (const [other, cost] of costs.entries()) if (cost < costs[index]!) index = other;
  return index;
}
