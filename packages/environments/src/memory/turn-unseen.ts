import type { Agent } from '../contracts/agent.js';
import { oneHot } from './one-hot.js';

/** Actions of every T-maze. */
export const move = { right: 0, up: 1, left: 2, down: 3 } as const;

/** Where the observation of every T-maze says that the junction is reached. */
export const junction = 1;

/** The agent of a T-maze that does not remember the cue: to the right, and up at the junction. */
export function turnUnseen(): Agent {
  const act = (observation: Float32Array) =>
    oneHot(observation[junction] === 1 ? move.up : move.right, 4);
  return { name: 'memoryless', begin: () => act };
}
