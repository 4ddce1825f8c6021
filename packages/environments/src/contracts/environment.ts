import type { Scene } from './scene.js';

/** What there is to know of an environment before its first step. */
export interface EnvironmentShape {
  readonly name: string;
  /** Numbers in an observation. */
  readonly observationSize: number;
  /** Numbers in an action. */
  readonly actionSize: number;
  /** Of a discrete action the greatest number says what is done; continuous ones are cut to −1 … 1. */
  readonly actions: 'discrete' | 'continuous';
  /** Steps after which an episode is over, whatever happens. */
  readonly horizon: number;
}

/** What one step led to. */
export interface Transition {
  /** `observationSize` numbers, never reused by later steps. */
  readonly observation: Float32Array;
  /** What was really done: one-hot, cut to its range, or what a noisy environment did instead. This belongs
   * into the history of an agent, not what it asked for. */
  readonly action: Float32Array;
  readonly reward: number;
  /** The task is over: solved, failed, fallen. */
  readonly terminated: boolean;
  /** Time is over. */
  readonly truncated: boolean;
  /** Why the simulation broke down (then also `terminated`); null in every sound step. The observation is
   * the last sound one and the reward 0: an episode that failed is counted, and is no measurement. */
  readonly failure: string | null;
}

/**
 * A task for an agent: observations in, actions out. The same seed and actions give the same episode. An
 * environment runs one episode at a time; several side by side are several environments.
 *
 * @example
 * ```ts
 * const maze = await createEnvironment({ name: 't-maze', length: 100 });
 * let observation = maze.reset(7);
 * for (let over = false; !over; ) {
 *   const result = maze.step([1, 0, 0, 0]);
 *   observation = result.observation;
 *   over = result.terminated || result.truncated;
 * }
 * ```
 */
export interface Environment extends EnvironmentShape {
  /**
   * Begins an episode.
   * @param seed a non-negative safe integer
   * @returns the first observation
   */
  reset(seed: number): Float32Array;
  /**
   * @param action `actionSize` finite numbers
   * @throws {InvalidArgumentError} for another length or a number that is not finite
   * @throws {EnvironmentError} before the first reset and after the end of an episode
   */
  step(action: ArrayLike<number>): Transition;
  /** What there is to draw now, as plain data. */
  scene(): Scene;
  /** All of the present episode, to be taken up again by `restore` of an environment with the same settings. */
  save(): Float64Array;
  /**
   * @returns the present observation
   * @throws {InvalidArgumentError} when the numbers are not a state of this environment
   */
  restore(state: Float64Array): Float32Array;
  /** Frees memory outside of JavaScript. The environment cannot be used afterwards. */
  release(): void;
}
