import { describe, expect, it } from 'vitest';
import { CmaEs } from '../cma-es.js';
import { neverStop } from '../stop.js';
import {
  cigar,
  differentPowers,
  discus,
  ellipsoid,
  rotated,
  run,
  type TestFunction,
} from '../testing/functions.js';

const n = 100;

/** Best fitness after a number of generations from (1, …, 1). */
function bestOf(model: 'lm-ma' | 'sep', fitness: TestFunction, generations: number): number {
  const mean = new Float64Array(n).fill(1);
  const strategy = new CmaEs({ mean, sigma: 1, seed: 1, model, stop: neverStop });
  return run(strategy, fitness, generations).best!.fitness;
}

describe('lm-ma', () => {
  it.each([
    ['ellipsoid', ellipsoid, 600, 3],
    ['cigar', cigar, 1500, 1000],
    ['discus', discus, 1500, 5],
    ['different powers', differentPowers, 600, 2],
  ] as const)('is ahead of sep on the rotated %s', (_, problem, generations, factor) => {
    const fitness = rotated(problem, n, 3);
    const limited = bestOf('lm-ma', fitness, generations);
    const separable = bestOf('sep', fitness, generations);
    expect(limited).toBeLessThan(separable / factor);
  });
});
