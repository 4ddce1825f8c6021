import { checkChoice, checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import type { EnvironmentSettings } from '@namm/environments';
import type { Stage } from '@namm/evolve';
import { type NormaliserScope, normaliserScopes } from '@namm/features';
import type { StartSettings } from '../trainables/start.js';
import type { ControlAssessorSettings } from './control-assessor.js';

/** Generations in one environment; the next stage continues where it ends. */
export interface ControlStage extends Stage {
  readonly environment: EnvironmentSettings;
  /** Episodes of a generation, the same for all candidates; every generation has new ones. */
  readonly episodes: number;
}

/** How fitness is computed from returns. */
export interface ControlFitness {
  /** Subtracted per share of the full cache's rows that is held on average. */
  readonly sizePressure: number;
  /**
   * How far a mean return may be below that of the full cache in the same episodes, in units of the return scale.
   * Candidates below that rank below all others: a size pressure alone would reward forgetting.
   */
  readonly tolerance: number;
}

/** Everything that determines the result of a run, as plain data. */
export interface ControlEvolutionSettings extends Omit<ControlAssessorSettings, 'environment'> {
  readonly stages: readonly ControlStage[];
  /** Returns are divided by it: the agent's scale. */
  readonly returnScale: number;
  /** λ. */
  readonly populationSize: number;
  /** Standard deviation of the first candidates. */
  readonly sigma: number;
  /** Of the candidates and of the training episodes. */
  readonly seed: number;
  readonly fitness: ControlFitness;
  readonly normaliser: {
    /** `start`: the statistics of the start, such as a calibrated NAMM's. */
    readonly scope: NormaliserScope | 'start';
    /** Episodes of the first stage that the statistics are measured on. */
    readonly episodes: number;
  };
  /** The mean of the distribution is judged on episodes of its own, always the same ones. */
  readonly validation: {
    /** Generations between validations. */
    readonly every: number;
    readonly episodes: number;
  };
  /** Where the search starts; null for the start of the trainable. */
  readonly start: StartSettings | null;
}

/**
 * Checks settings, all names included. Population, σ, seed and generations are checked by `evolve`, environments when
 * they are made.
 *
 * @throws {InvalidArgumentError} naming the invalid setting
 */
export function checkControlSettings(settings: ControlEvolutionSettings): void {
  checkNames('settings', settings, [
    ...(['agent', 'episode', 'trainable', 'stages', 'returnScale', 'populationSize'] as const),
    ...(['sigma', 'seed', 'fitness', 'normaliser', 'validation', 'start'] as const),
  ]);
  const { stages, returnScale, fitness, normaliser, validation, start } = settings;
  for (const stage of stages) {
    checkNames('stages', stage, ['generations', 'environment', 'episodes']);
    checkInteger('episodes', stage.episodes, 1);
  }
  checkNames('fitness', fitness, ['sizePressure', 'tolerance']);
  const { sizePressure, tolerance } = fitness;
  for (const [name, value] of Object.entries({ sizePressure, tolerance })) {
    if (!(value >= 0)) throw new InvalidArgumentError(name, `${value} is not 0 or more`);
  }
  if (!(returnScale > 0)) {
    throw new InvalidArgumentError('returnScale', `${returnScale} is not above 0`);
  }
  checkNames('normaliser', normaliser, ['scope', 'episodes']);
  checkChoice('normaliser.scope', normaliser.scope, [...normaliserScopes, 'start']);
  checkInteger('normaliser.episodes', normaliser.episodes, 1);
  if (normaliser.scope === 'start' && !start?.normaliser) {
    throw new InvalidArgumentError('normaliser.scope', "'start' needs a start with a normaliser");
  }
  if (start && !Number.isFinite(start.biasShift)) {
    throw new InvalidArgumentError('biasShift', `${start.biasShift} is not a finite number`);
  }
  checkNames('validation', validation, ['every', 'episodes']);
  checkInteger('validation.every', validation.every, 1);
  checkInteger('validation.episodes', validation.episodes, 1);
}
