import type { Transition } from './environment.js';

/**
 * Chooses the actions of one episode.
 *
 * @param observation the present one
 * @param previous what the last step led to; null at the first step
 * @returns the action, as `Environment.step` takes it
 */
export type Act = (observation: Float32Array, previous: Transition | null) => ArrayLike<number>;

/** Something that acts. Shareable: what it remembers of an episode is in the function that `begin` returns. */
export interface Agent {
  readonly name: string;
  /** @param seed of everything random that it does in this episode */
  begin(seed: number): Act;
}
