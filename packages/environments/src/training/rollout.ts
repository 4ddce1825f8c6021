import type { Environment } from '../contracts/environment.js';
import { createEnvironment, type EnvironmentSettings } from '../create-environment.js';
import { Moments } from '../data/moments.js';
import { type RecordedEpisode, recordEpisode } from '../data/record-episode.js';
import { type EpisodeResult, runEpisode } from '../run-episode.js';
import { type Direction, type LinearPolicy, linearAgent, perturbed } from './linear-policy.js';

/** One episode of a linear policy, as plain data for a worker thread. */
export interface RolloutJob {
  readonly environment: EnvironmentSettings;
  readonly policy: LinearPolicy;
  /** Where the policy is moved before the episode. */
  readonly move: { readonly direction: Direction; readonly scale: number } | null;
  /** Standard deviation of noise on the actions. */
  readonly noise: number;
  readonly seed: number;
  /** Whether all steps are wanted. */
  readonly record: boolean;
}

export interface RolloutResult extends EpisodeResult {
  /** Of the observations of the episode. */
  readonly moments: Pick<Moments, 'count' | 'mean' | 'squares'>;
  readonly recorded: RecordedEpisode | null;
}

/** Runs jobs one after the other, and keeps the environment for the next one. */
export class RolloutRunner {
  #settings = '';
  #environment: Environment | null = null;

  async run(job: RolloutJob): Promise<RolloutResult> {
    const environment = await this.#environmentOf(job.environment);
    const { direction, scale } = job.move ?? { direction: null, scale: 0 };
    const policy = direction ? perturbed(job.policy, direction, scale) : job.policy;
    const agent = linearAgent(policy, job.noise);
    const moments = new Moments(environment.observationSize);
    if (job.record) {
      const { result, recorded } = recordEpisode(environment, agent, job.seed);
      return { ...result, moments: plain(moments), recorded };
    }
    const result = runEpisode(environment, agent, job.seed, (observation) =>
      moments.add(observation),
    );
    return { ...result, moments: plain(moments), recorded: null };
  }

  release(): void {
    this.#environment?.release();
    this.#environment = null;
  }

  async #environmentOf(settings: EnvironmentSettings): Promise<Environment> {
    const name = JSON.stringify(settings);
    if (this.#environment && this.#settings === name) return this.#environment;
    this.release();
    this.#environment = await createEnvironment(settings);
    this.#settings = name;
    return this.#environment;
  }
}

function plain({ count, mean, squares }: Moments) {
  return { count, mean, squares };
}
