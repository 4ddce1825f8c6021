import { Random } from '@namm/core';
import type { Agent } from './contracts/agent.js';
import type { EnvironmentShape } from './contracts/environment.js';
import { purpose } from './purpose.js';

/** Uniform actions: one of the discrete ones, or each number in −1 … 1. */
export function randomAgent(shape: EnvironmentShape): Agent {
  return {
    name: 'random',
    begin(seed) {
      const random = new Random(seed, purpose.agent);
      return () => randomAction(shape, random);
    },
  };
}

/** One uniform action. */
export function randomAction(shape: EnvironmentShape, random: Random): Float32Array {
  const action = new Float32Array(shape.actionSize);
  if (shape.actions === 'discrete') action[random.integer(action.length)] = 1;
  else for (let i = 0; i < action.length; i++) action[i] = 2 * random.uniform() - 1;
  return action;
}
