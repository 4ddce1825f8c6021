import { InvalidArgumentError } from '@namm/core';
import type { EnvironmentShape } from './contracts/environment.js';

/**
 * The action that an environment carries out: one-hot, or cut to −1 … 1. In double precision, so that
 * physics loses nothing of a double; what agents give in single precision is recorded exactly.
 *
 * @throws {InvalidArgumentError} for another length, or a number that is not finite
 */
export function checkAction(shape: EnvironmentShape, action: ArrayLike<number>): Float64Array {
  const { name, actionSize, actions } = shape;
  if (action.length !== actionSize) {
    const problem = `has ${action.length} numbers; ${name} takes ${actionSize}`;
    throw new InvalidArgumentError('action', problem, { details: { environment: name } });
  }
  const done = new Float64Array(actionSize);
  let greatest = 0;
  for (let i = 0; i < actionSize; i++) {
    const value = action[i]!;
    if (!Number.isFinite(value)) {
      throw new InvalidArgumentError('action', `number ${i} of ${name} is ${value}`);
    }
    if (value > action[greatest]!) greatest = i;
    if (actions === 'continuous') done[i] = Math.min(1, Math.max(-1, value));
  }
  if (actions === 'discrete') done[greatest] = 1;
  return done;
}
