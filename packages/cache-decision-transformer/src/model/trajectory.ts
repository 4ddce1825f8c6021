import { EpisodeInputError } from '../errors.js';
import type { Step } from './network.js';
import type { TransformerSpec } from './transformer-spec.js';

/** Whole steps as model input: states normalised, returns divided by their scale. Row by row. */
export interface Trajectory {
  /** `[steps, stateSize]` */
  readonly states: Float32Array;
  /** `[steps, actionSize]` */
  readonly actions: Float32Array;
  /** `[steps]` */
  readonly returnsToGo: Float32Array;
  /** Rows of the table of timesteps, `[steps]`. */
  readonly timesteps: ArrayLike<number>;
}

/**
 * The steps of a trajectory.
 *
 * @throws {EpisodeInputError} when sizes do not go together, a number is not finite or a timestep not in the table
 */
export function stepsOf(
  { states, actions, returnsToGo, timesteps }: Trajectory,
  { stateSize, actionSize, timesteps: rows }: TransformerSpec,
): Step[] {
  const count = returnsToGo.length;
  const expected = [
    ['states', states, count * stateSize],
    ['actions', actions, count * actionSize],
    ['timesteps', timesteps, count],
  ] as const;
  if (count === 0) throw new EpisodeInputError('The trajectory has no step.');
  for (const [name, { length }, needed] of expected) {
    if (length === needed) continue;
    throw new EpisodeInputError(
      `${name} has ${length} numbers where ${count} steps have ${needed}.`,
    );
  }
  for (const [name, numbers] of Object.entries({ states, actions, returnsToGo })) {
    const bad = numbers.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new EpisodeInputError(`Number ${bad} of ${name} is ${numbers[bad]}.`);
  }
  return Array.from(returnsToGo, (returnToGo, i) => {
    const timestep = timesteps[i]!;
    if (!Number.isInteger(timestep) || timestep < 0 || timestep >= rows) {
      const problem = `Timestep ${timestep} of step ${i} is not in the model's table of ${rows}.`;
      throw new EpisodeInputError(problem);
    }
    return {
      state: states.subarray(i * stateSize, (i + 1) * stateSize),
      action: actions.subarray(i * actionSize, (i + 1) * actionSize),
      ...{ returnToGo, timestep },
    };
  });
}
