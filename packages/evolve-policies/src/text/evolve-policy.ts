import { checkNames } from '@namm/core';
import { type EvolveOptions, type EvolveResult, evolve } from '@namm/evolve';
import type { PromptSource } from './prompt-source.js';
import type { MeasureRequest, TextUnit } from './text-assessor.js';
import type { TextEvolutionSettings, TextStage } from './text-evolution-settings.js';
import { textProblem } from './text-problem.js';
import type { TextScore } from './text-score.js';

/** Options of {@link evolvePolicy}. */
export interface EvolvePolicyOptions
  extends Omit<
    EvolveOptions<TextUnit, TextScore, TextStage, MeasureRequest>,
    'problem' | 'search'
  > {
  readonly settings: TextEvolutionSettings;
  readonly prompts: PromptSource;
  /** Facts for the provenance of checkpoints. */
  readonly provenance?: Readonly<Record<string, unknown>>;
}

/**
 * Evolves an eviction policy in a folder, or continues the run there: `evolve` of `@namm/evolve` on the
 * {@link textProblem} of the settings.
 *
 * @throws {InvalidArgumentError} for an invalid setting
 * @throws {RunFolderError} when the folder holds another run, is in use, or cannot be written
 * @throws {EvaluationError} when no candidate of a generation could be evaluated
 */
export async function evolvePolicy(options: EvolvePolicyOptions): Promise<EvolveResult> {
  const { settings, prompts, provenance, ...rest } = checkNames('evolvePolicy', options, [
    ...(['folder', 'settings', 'evaluator', 'prompts', 'provenance'] as const),
    ...(['onProgress', 'onGeneration', 'signal', 'clock'] as const),
  ]);
  const problem = textProblem(settings, prompts, provenance);
  const { populationSize, sigma, seed, validation } = settings;
  const search = { populationSize, sigma, seed, validateEvery: validation.every };
  return evolve({ ...rest, problem, search });
}
