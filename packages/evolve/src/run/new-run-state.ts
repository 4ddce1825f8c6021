import { CmaEs, presets } from '@namm/cma-es';
import type { Evaluator } from '../evaluation/evaluator.js';
import type { Problem, Stage } from '../problem.js';
import type { RunState } from './run-state.js';
import type { SearchSettings } from './search-settings.js';

/** Most parameters that get a full covariance. */
const mostForFull = 500;

/** The state of a run before its first generation. */
export async function newRunState<Unit, Score, S extends Stage, Request>(
  problem: Problem<Unit, Score, S, Request>,
  evaluator: Evaluator<Unit, Score, Request>,
  { seed, sigma, populationSize }: SearchSettings,
): Promise<RunState<Score>> {
  const mean = problem.start(); // first: what it refuses should not wait for a measurement
  const prepared = (await problem.prepare?.(evaluator)) ?? {};
  const strategy = new CmaEs({
    ...presets['namm-recommended'],
    ...{ mean, sigma, seed, populationSize, model: mean.length <= mostForFull ? 'full' : 'sep' },
  });
  return {
    ...{ strategy, prepared, stage: 0, generationInStage: 0 },
    ...{ pending: new Map(), best: null, logged: 0 },
  };
}
