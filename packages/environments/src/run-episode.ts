import type { Agent } from './contracts/agent.js';
import type { Environment, Transition } from './contracts/environment.js';

/** What became of one episode. */
export interface EpisodeResult {
  readonly seed: number;
  readonly return: number;
  readonly length: number;
  readonly end: 'terminated' | 'truncated' | 'failed';
  /** Why the simulation broke down; null when it did not. */
  readonly failure: string | null;
}

/**
 * Runs an agent through one episode.
 *
 * @param seed of the environment and of the agent: the same for each agent that is compared
 * @param watch told of each step, with what was seen before it
 *
 * @example
 * ```ts
 * const { return: total } = runEpisode(task, task.oracle(), 3);
 * ```
 */
export function runEpisode(
  environment: Environment,
  agent: Agent,
  seed: number,
  watch?: (observation: Float32Array, result: Transition) => void,
): EpisodeResult {
  let observation = environment.reset(seed);
  const act = agent.begin(seed);
  let previous: Transition | null = null;
  let total = 0;
  for (let length = 1; ; length++) {
    const result: Transition = environment.step(act(observation, previous));
    watch?.(observation, result);
    total += result.reward;
    if (result.terminated || result.truncated) {
      const end =
        result.failure !== null ? 'failed' : result.terminated ? 'terminated' : 'truncated';
      return { seed, return: total, length, end, failure: result.failure };
    }
    observation = result.observation;
    previous = result;
  }
}
