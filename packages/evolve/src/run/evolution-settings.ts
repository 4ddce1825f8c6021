import { taskFamilies } from '@namm/benchmarks';
import { InvalidArgumentError } from '@namm/core';
import type { EvaluatorSettings } from '../evaluation/evaluator-settings.js';
import type { FitnessSettings } from '../evaluation/fitness.js';
import type { NormaliserKind } from '../trainables/create-collector.js';

/** Generations on the same tasks at the same length; the next stage goes on from where it ends. */
export interface Stage {
  /** Names of task families. */
  readonly tasks: readonly string[];
  /** Of the prompts, in tokens. */
  readonly length: number;
  readonly generations: number;
  /** Prompts per task and generation, the same for all members. */
  readonly promptsPerTask: number;
}

/** Everything that decides what a run computes, as plain data: `settings.json` of its folder. */
export interface EvolutionSettings extends EvaluatorSettings {
  readonly stages: readonly Stage[];
  /** λ. */
  readonly populationSize: number;
  /** Standard deviation of the first candidates. */
  readonly sigma: number;
  /** Of the candidates and of the training prompts. */
  readonly seed: number;
  readonly fitness: FitnessSettings;
  readonly normaliser: {
    /** `start`: the statistics of the start, as a NAMM moves "frozen" to another model. */
    readonly kind: NormaliserKind | 'start';
    /** Prompts per task of the first stage that the statistics are measured on. */
    readonly promptsPerTask: number;
  };
  /** The mean of the distribution is evaluated on prompts of the development split, always the same ones. */
  readonly validation: {
    /** Generations from one validation to the next. */
    readonly every: number;
    readonly promptsPerTask: number;
  };
  /** Where the search starts; null for the start of the trainable. */
  readonly start: StartSettings | null;
  /** Digests or names of what the run reads, so that it does not go on with something else. */
  readonly inputs: {
    /** The evaluator's `model`. */
    readonly model: string;
    /** What the prompts are made from. */
    readonly prompts: string;
  };
}

/** A warm start. */
export interface StartSettings {
  /** Where the parameters come from; for the record. */
  readonly checkpoint: string;
  readonly parameters: readonly number[];
  /** Added to the output bias: above 0 keeps more. */
  readonly biasShift: number;
  /** Its statistics, for the normaliser kind `start`. */
  readonly normaliser?: StartNormaliser;
}

/** A `Normaliser` as plain data. */
export interface StartNormaliser {
  readonly shape: readonly number[];
  readonly mean: readonly number[];
  readonly variance: readonly number[];
  readonly count: readonly number[];
}

/** @throws {InvalidArgumentError} naming the setting that cannot be used */
export function checkSettings(settings: EvolutionSettings): void {
  const { model, stages, populationSize, sigma, seed, fitness, normaliser, validation } = settings;
  const count = (name: string, value: number, least: number) =>
    check(
      name,
      value,
      Number.isSafeInteger(value) && value >= least,
      `a whole number from ${least} on`,
    );
  const positive = (name: string, value: number) =>
    check(name, value, value > 0 && Number.isFinite(value), 'a number above 0');
  check('extensionFactor', model.extensionFactor, model.extensionFactor >= 1, 'a number from 1 on');
  const { extension = 'ntk' } = model;
  check('extension', extension, ['ntk', 'yarn'].includes(extension), 'ntk or yarn');
  positive('alpha', model.alpha);
  positive('logitFactor', model.logitFactor);
  if (stages.length === 0) throw new InvalidArgumentError('stages', 'there is none');
  for (const { tasks, length, generations, promptsPerTask } of stages) {
    const known = taskFamilies.map(({ name }) => name);
    const isKnown =
      Array.isArray(tasks) && tasks.length > 0 && tasks.every((task) => known.includes(task));
    check('tasks', tasks, isKnown && new Set(tasks).size === tasks.length, `some of ${known}`);
    count('length', length, 64);
    count('generations', generations, 1);
    count('promptsPerTask', promptsPerTask, 1);
  }
  count('populationSize', populationSize, 3);
  positive('sigma', sigma);
  count('seed', seed, 0);
  check('sizePressure', fitness.sizePressure, fitness.sizePressure >= 0, '0 or more');
  count('normaliser.promptsPerTask', normaliser.promptsPerTask, 1);
  if (normaliser.kind === 'start' && !settings.start?.normaliser) {
    throw new InvalidArgumentError('normaliser.kind', "'start' needs a start with a normaliser");
  }
  count('validation.every', validation.every, 1);
  count('validation.promptsPerTask', validation.promptsPerTask, 1);
}

function check(name: string, value: unknown, isAllowed: boolean, needed: string): void {
  if (!isAllowed) throw new InvalidArgumentError(name, `${String(value)} is not ${needed}`);
}
