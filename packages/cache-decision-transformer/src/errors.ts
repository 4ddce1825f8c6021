import { NammError, type NammErrorOptions } from '@namm/core';

/** A state, reward or action is not valid input; the episode is unchanged. */
export class EpisodeInputError extends NammError {
  /** @param problem what is wrong, where, and what is needed */
  constructor(problem: string, options: NammErrorOptions = {}) {
    super('EPISODE_INPUT', problem, options);
  }
}

/** An episode was used in an order other than act, observe, act …, or after it failed or was released. */
export class EpisodeUseError extends NammError {
  constructor(problem: string, options: NammErrorOptions = {}) {
    super('EPISODE_USE', problem, options);
  }
}

/** An episode is longer than the model's table of timesteps. */
export class EpisodeLengthError extends NammError {
  /** @param timesteps rows of the table */
  constructor(step: number, timesteps: number) {
    super(
      'EPISODE_LENGTH',
      `Step ${step} (from 0) is beyond the model's table of ${timesteps} timesteps. End the episode before it, or make it with timesteps: 'clamped', which gives all later steps the last timestep.`,
      { details: { step, timesteps } },
    );
  }
}
