import type { Candidate } from './candidate.js';
import { CmaEs } from './cma-es.js';
import type { CmaEsOptions } from './options.js';

/** Gives the fitness of a candidate, at once or later; a number that is not finite says that it failed. */
export type Objective = (parameters: Float64Array, id: Candidate['id']) => number | Promise<number>;

/**
 * Asks and tells until a stop condition holds. The evaluations of a generation are started together.
 *
 * @returns the strategy after its stop
 * @throws {InvalidArgumentError} naming the option that cannot be used; whatever the objective throws
 *
 * @example
 * ```ts
 * const sphere = (x: Float64Array) => x.reduce((sum, value) => sum + value * value, 0);
 * const { answer } = await optimise(sphere, { mean: [3, -2, 1], sigma: 1, seed: 7 });
 * ```
 */
export async function optimise(objective: Objective, options: CmaEsOptions): Promise<CmaEs> {
  const strategy = new CmaEs(options);
  while (!strategy.stopReason) {
    const evaluate = async ({ id, parameters }: Candidate) => ({
      id,
      fitness: await objective(parameters, id),
    });
    strategy.tell(await Promise.all(strategy.ask().map(evaluate)));
  }
  return strategy;
}
