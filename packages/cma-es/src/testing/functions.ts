import type { CmaEs } from '../cma-es.js';

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
