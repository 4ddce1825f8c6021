import { taskFamilies } from '@namm/benchmarks';
import { checkChoice, checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import type { Stage } from '@namm/evolve';
import { type NormaliserScope, normaliserScopes } from '@namm/features';
import type { StartSettings } from '../trainables/start.js';
import { type FitnessSettings, fitnessKinds } from './fitness.js';
import { checkModel, type TextAssessorSettings } from './model-settings.js';
import { referencePolicyNames } from './reference-policy.js';

/** Generations on the same tasks at the same length; the next stage continues where it ends. */
export interface TextStage extends Stage {
  /** Names of task families. */
  readonly tasks: readonly string[];
  /** Of the prompts, in tokens. */
  readonly length: number;
  /** Prompts per task and generation, the same for all candidates. */
  readonly promptsPerTask: number;
}

/**
 * Who reads the training prompts of a generation:
 * - `own`: every candidate by itself, evicting as it goes;
 * - `shared`: the model once for all of them, forgetting nothing. Every candidate makes all its choices on what was seen
 *   then, and answers with what it would have kept. A prompt costs a population little more than one candidate.
 */
export type Reading = 'own' | 'shared';

/** All kinds of reading. */
export const readings: readonly Reading[] = ['own', 'shared'];

/** Everything that determines the result of a run, as plain data. */
export interface TextEvolutionSettings extends TextAssessorSettings {
  readonly stages: readonly TextStage[];
  /** λ. */
  readonly populationSize: number;
  /** Standard deviation of the first candidates. */
  readonly sigma: number;
  /** Of the candidates and of the training prompts. */
  readonly seed: number;
  readonly fitness: FitnessSettings;
  /** Validations are always `own`. @defaultValue 'own' */
  readonly reading?: Reading;
  readonly normaliser: {
    /** `start`: the statistics of the start, as for a NAMM moved "frozen" to another model. */
    readonly scope: NormaliserScope | 'start';
    /** Prompts per task of the first stage that the statistics are measured on. */
    readonly promptsPerTask: number;
  };
  /** The mean of the distribution is evaluated on prompts of the development split, always the same ones. */
  readonly validation: {
    /** Generations between validations. */
    readonly every: number;
    readonly promptsPerTask: number;
  };
  /** Where the search starts; null for the start of the trainable. */
  readonly start: StartSettings | null;
  /** Digest or name of the texts that the prompts are made from, so that a run does not continue with others. */
  readonly prompts: string;
}

/**
 * Checks settings, all names included. Population, σ, seed and generations are checked by `evolve`.
 *
 * @throws {InvalidArgumentError} naming the invalid setting
 */
export function checkTextSettings(settings: TextEvolutionSettings): void {
  checkNames('settings', settings, [
    ...(['model', 'trainable', 'stages', 'populationSize', 'sigma', 'seed', 'fitness'] as const),
    ...(['reading', 'normaliser', 'validation', 'start', 'prompts'] as const),
  ]);
  const { model, stages, fitness, reading, normaliser, validation, start } = settings;
  if (reading !== undefined) checkChoice('reading', reading, readings);
  checkModel(model);
  for (const stage of stages) checkStage(stage);
  checkFitness(fitness);
  checkNames('normaliser', normaliser, ['scope', 'promptsPerTask']);
  checkChoice('normaliser.scope', normaliser.scope, [...normaliserScopes, 'start']);
  checkInteger('normaliser.promptsPerTask', normaliser.promptsPerTask, 1);
  if (start) {
    checkNames('start', start, ['checkpoint', 'parameters', 'biasShift', 'normaliser']);
    if (!Number.isFinite(start.biasShift))
      unusable('biasShift', start.biasShift, 'a finite number');
  }
  if (normaliser.scope === 'start' && !start?.normaliser) {
    throw new InvalidArgumentError('normaliser.scope', "'start' needs a start with a normaliser");
  }
  checkNames('validation', validation, ['every', 'promptsPerTask']);
  checkInteger('validation.every', validation.every, 1);
  checkInteger('validation.promptsPerTask', validation.promptsPerTask, 1);
}

function checkStage(stage: TextStage): void {
  const { tasks, length, promptsPerTask } = checkNames('stages', stage, [
    ...(['tasks', 'length', 'generations', 'promptsPerTask'] as const),
  ]);
  const known = taskFamilies.map(({ name }) => name);
  const isKnown =
    Array.isArray(tasks) && tasks.length > 0 && tasks.every((task) => known.includes(task));
  if (!isKnown || new Set(tasks).size < tasks.length) unusable('tasks', tasks, `some of ${known}`);
  checkInteger('length', length, 64);
  checkInteger('promptsPerTask', promptsPerTask, 1);
}

function checkFitness(fitness: FitnessSettings): void {
  const { kind, sizePressure, floor } = checkNames('fitness', fitness, [
    ...(['kind', 'sizePressure', 'floor'] as const),
  ]);
  checkChoice('fitness.kind', kind, fitnessKinds);
  if (!(sizePressure >= 0)) unusable('sizePressure', sizePressure, '0 or more');
  if (!floor) return;
  const { policies, shares } = checkNames('fitness.floor', floor, ['policies', 'shares']);
  for (const policy of policies)
    checkChoice('fitness.floor.policies', policy, referencePolicyNames);
  for (const share of shares) {
    if (!(share > 0 && share < 1)) unusable('fitness.floor.shares', share, 'above 0 and below 1');
  }
}

function unusable(name: string, value: unknown, needed: string): never {
  throw new InvalidArgumentError(name, `${String(value)} is not ${needed}`);
}
