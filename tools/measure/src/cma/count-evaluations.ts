import { CmaEs, type CmaEsOptions, neverStop } from '@namm/cma-es';
import type { Problem } from './problems.js';

/** How one run ended. */
export interface RunResult {
  readonly evaluations: number;
  readonly best: number;
  readonly reached: boolean;
}

/** Minimises a problem until a target or a number of evaluations is reached; nothing else stops it. */
export function countEvaluations(
  problem: Problem,
  dimension: number,
  options: Partial<CmaEsOptions> & { readonly seed: number },
  { target, atMost }: { readonly target: number; readonly atMost: number },
): RunResult {
  const strategy = new CmaEs({
    mean: new Float64Array(dimension).fill(problem.start),
    sigma: problem.sigma,
    stop: { ...neverStop, targetFitness: target, maximumEvaluations: atMost },
    ...options,
  });
  while (!strategy.stopReason) {
    const results = strategy.ask().map(({ id, parameters }) => ({
      id,
      fitness: problem.fitness(parameters),
    }));
    strategy.tell(results);
  }
  const best = strategy.best?.fitness ?? Number.POSITIVE_INFINITY;
  return { evaluations: strategy.evaluations, best, reached: best <= target };
}
