import { CmaEs, presets } from '@namm/cma-es';
import { InvalidArgumentError } from '@namm/core';
import { findNormaliserProblem, type Normaliser } from '@namm/features';
import { normalisedFeatures } from '@namm/namm';
import type { Evaluator } from '../evaluation/evaluator.js';
import type { PromptSource } from '../evaluation/prompt-source.js';
import { createTrainable } from '../trainables/create-trainable.js';
import type { EvolutionSettings } from './evolution-settings.js';
import { promptsOf } from './prompts-of.js';
import type { RunState } from './run-state.js';

/** What a run begins with. */
interface RunInputs {
  readonly settings: EvolutionSettings;
  readonly evaluator: Evaluator;
  readonly prompts: PromptSource;
}

/**
 * The state of a run before its first generation.
 *
 * @throws {InvalidArgumentError} for a start that does not fit what is evolved
 */
export async function newRunState(options: RunInputs): Promise<RunState> {
  const { settings } = options;
  const { start, seed, sigma, populationSize } = settings;
  const normaliser = await normaliserOf(options);
  const trainable = createTrainable(settings.trainable, normaliser);
  const { dimension } = trainable;
  let mean = trainable.start();
  if (start) {
    if (start.parameters.length !== dimension) {
      const problem = `has ${start.parameters.length} parameters, not ${dimension}`;
      throw new InvalidArgumentError('start', `${start.checkpoint} ${problem}`);
    }
    mean = Float64Array.from(start.parameters);
    if (start.biasShift !== 0) mean = trainable.shifted(mean, start.biasShift);
  }
  const strategy = new CmaEs({
    ...presets['namm-recommended'],
    ...{ mean, sigma, seed, populationSize, model: dimension <= 500 ? 'full' : 'sep' },
  });
  return {
    strategy,
    normaliser,
    stage: 0,
    generationInStage: 0,
    pending: new Map(),
    best: null,
    logged: 0,
  };
}

/** Measured under the full cache on prompts of the first stage, or those of the start. */
async function normaliserOf({ settings, evaluator, prompts }: RunInputs): Promise<Normaliser> {
  const { normaliser: wanted, stages, start, seed } = settings;
  if (wanted.kind !== 'start') {
    const numbers = { seed, from: 0, count: wanted.promptsPerTask };
    return evaluator.measure(promptsOf(prompts, stages[0]!, 'train', numbers), wanted.kind);
  }
  const { shape, mean, variance, count } = start!.normaliser!;
  const normaliser = {
    ...{ shape, mean: Float32Array.from(mean), variance: Float32Array.from(variance) },
    count: Float64Array.from(count),
  };
  const { trainable } = settings;
  const features = trainable.kind === 'namm' ? normalisedFeatures(trainable.features) : 1;
  const problem = findNormaliserProblem(normaliser, features);
  if (problem === null) return normaliser;
  throw new InvalidArgumentError('start.normaliser', problem);
}
