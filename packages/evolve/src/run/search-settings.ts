import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';

/** Settings of the search: CMA-ES, with a full covariance up to 500 parameters and a diagonal one above. Plain data. */
export interface SearchSettings {
  /** Candidates per generation, λ; at least 3. */
  readonly populationSize: number;
  /** Standard deviation of the first candidates. */
  readonly sigma: number;
  /** Seed of the candidates and of the units that they are scored on. */
  readonly seed: number;
  /** Generations between validations of the mean. */
  readonly validateEvery: number;
  /**
   * Approximate number of evaluations per slice: units are grouped until units times candidates reach it. The state is
   * saved after each slice, so a slice should take seconds.
   * @defaultValue 12
   */
  readonly evaluationsPerSlice?: number;
}

/**
 * Checks settings, and the lengths of stages.
 *
 * @throws {InvalidArgumentError} naming the invalid setting
 */
export function checkSearch(
  settings: SearchSettings,
  stages: readonly { readonly generations: number }[],
): void {
  const {
    populationSize,
    sigma,
    seed,
    validateEvery,
    evaluationsPerSlice = 12,
  } = checkNames('search', settings, [
    'populationSize',
    'sigma',
    'seed',
    'validateEvery',
    'evaluationsPerSlice',
  ]);
  checkInteger('populationSize', populationSize, 3);
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new InvalidArgumentError('sigma', `${sigma} is not a number above 0`);
  }
  checkInteger('seed', seed, 0);
  checkInteger('validateEvery', validateEvery, 1);
  checkInteger('evaluationsPerSlice', evaluationsPerSlice, 1);
  if (stages.length === 0) throw new InvalidArgumentError('stages', 'there is none');
  for (const { generations } of stages) checkInteger('generations', generations, 1);
}
