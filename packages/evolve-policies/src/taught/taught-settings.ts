import { checkInteger, checkNames, checkNumber } from '@namm/core';
import { type BudgetInput, parseBudget } from '@namm/kv-cache';
import type { ModelSettings } from '../text/model-settings.js';
import { checkModel } from '../text/model-settings.js';

/** What a `TaughtAssessor` is made from. Plain data, so that a worker thread can be told. */
export interface TaughtAssessorSettings {
  readonly model: ModelSettings;
  /** The scorer to start from: a file, or a name of `@namm/models`. */
  readonly taught: string;
  /** What its policy may keep. */
  readonly budget: BudgetInput;
  /** Newest tokens that stay in every head. @defaultValue that of `taughtPolicy` */
  readonly recent?: number;
}

/** Everything that determines the result of a run, as plain data. */
export interface TaughtEvolutionSettings extends TaughtAssessorSettings {
  /** Tokens of a prompt, its questions included. */
  readonly length: number;
  /** Questions of a prompt, each about a fact of its own. */
  readonly questions: number;
  /** Prompts per generation, the same for all candidates. */
  readonly prompts: number;
  readonly generations: number;
  /** λ. */
  readonly populationSize: number;
  /** Standard deviation of the first candidates, in spreads of the scores. */
  readonly sigma: number;
  /** Of the candidates and of the prompts. */
  readonly seed: number;
  /** The mean of the distribution reads other prompts from time to time, always the same ones. */
  readonly validation: {
    /** Generations from one validation to the next. */
    readonly every: number;
    readonly prompts: number;
  };
}

/** @throws {InvalidArgumentError} naming the setting that cannot be used; those of the search are checked by `evolve` */
export function checkTaughtSettings(settings: TaughtEvolutionSettings): void {
  const { model, budget, recent = 0, length, questions, prompts, validation } = settings;
  checkModel(model);
  parseBudget(budget);
  checkInteger('recent', recent, 0);
  checkInteger('length', length, 64);
  checkInteger('questions', questions, 1);
  checkInteger('prompts', prompts, 1);
  checkNames('validation', validation, ['every', 'prompts']);
  checkInteger('validation.every', validation.every, 1);
  checkInteger('validation.prompts', validation.prompts, 1);
  checkNumber('sigma', settings.sigma, (sigma) => sigma > 0, 'above 0');
}
