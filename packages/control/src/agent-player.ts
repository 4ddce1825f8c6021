import {
  type AgentEpisode,
  DecisionTransformer,
  type EpisodeOptions,
} from '@namm/cache-decision-transformer';
import { checkNames, InvalidArgumentError } from '@namm/core';
import { createEnvironment, type Environment, type EnvironmentSettings } from '@namm/environments';
import type { EvictionPolicy, Probe } from '@namm/kv-cache';
import { type PlayedEpisode, type PlayOptions, playEpisode } from './play-episode.js';

/** Options of an episode that override the folder's `agent.json`. */
export type EpisodeChoices = Pick<EpisodeOptions, 'targetReturn' | 'returnScale' | 'normalisation'>;

/** Options of {@link AgentPlayer.open}. */
export interface AgentPlayerOptions {
  /** Folder of a Decision Transformer. */
  readonly agent: string;
  readonly environment: EnvironmentSettings;
  /** Settings that are missing in `agent.json`, or override it. */
  readonly episode?: EpisodeChoices;
  /** Probe of the policies that will be used. @defaultValue nothing is reported */
  readonly probe?: Probe;
}

/** How an agent remembers during an episode; by default it keeps everything. */
export interface EpisodeMemoryChoice {
  readonly policy?: EvictionPolicy | null;
  /** Steps recomputed for each action. */
  readonly window?: number | null;
}

/**
 * An agent in a matching environment, for playing episodes one after another.
 *
 * @example
 * ```ts
 * const player = await AgentPlayer.open({ agent, environment: { name: 'hopper' }, probe: policy.probe });
 * const { return: total } = await player.play({ policy }, 7);
 * await player.release();
 * ```
 */
export class AgentPlayer {
  readonly model: DecisionTransformer;
  readonly environment: Environment;
  readonly #choices: EpisodeChoices;

  private constructor(
    model: DecisionTransformer,
    environment: Environment,
    choices: EpisodeChoices,
  ) {
    this.model = model;
    this.environment = environment;
    this.#choices = choices;
  }

  /**
   * Loads agent and environment.
   *
   * @throws {InvalidArgumentError} when the environment does not match the model, or an option is invalid or missing
   * @throws {ModelFolderError | FileFormatError} when the folder does not hold such a model
   */
  static async open(options: AgentPlayerOptions): Promise<AgentPlayer> {
    const {
      agent,
      environment,
      probe,
      episode = {},
    } = checkNames('AgentPlayer.open', options, [
      ...(['agent', 'environment', 'episode', 'probe'] as const),
    ]);
    const world = await createEnvironment(environment);
    let model: DecisionTransformer | null = null;
    try {
      model = await DecisionTransformer.load(agent, probe ? { probe } : {});
      checkFit(world, model);
      const player = new AgentPlayer(model, world, episode);
      await player.begin({}).release(); // fails now rather than after an hour
      return player;
    } catch (cause) {
      world.release();
      await model?.release();
      throw cause;
    }
  }

  /**
   * Prepares an episode.
   *
   * @throws {InvalidArgumentError} when the model does not support this kind of memory
   */
  begin(choice: EpisodeMemoryChoice): AgentEpisode {
    checkNames('the memory', choice, ['policy', 'window']);
    const { policy, window } = choice;
    const memory = { ...(window && { window }), ...(policy && { policy }) };
    return this.model.createEpisode({ ...this.#choices, ...actionsOf(this.model), ...memory });
  }

  /**
   * Plays an episode to its end. The result does not depend on earlier episodes.
   *
   * @param seed of the environment
   * @throws the reason of the signal, when it stops
   */
  async play(
    memory: EpisodeMemoryChoice,
    seed: number,
    options: PlayOptions = {},
  ): Promise<PlayedEpisode> {
    const episode = this.begin(memory);
    try {
      return await playEpisode(episode, this.environment, seed, options);
    } finally {
      await episode.release();
    }
  }

  async release(): Promise<void> {
    this.environment.release();
    await this.model.release();
  }
}

/** Published folders say nothing of actions: theirs are continuous. */
const actionsOf = ({ agent }: DecisionTransformer) => ({ actions: agent?.actions ?? 'continuous' });

function checkFit(environment: Environment, model: DecisionTransformer): void {
  const { stateSize, actionSize, timesteps } = model.spec;
  const { name, observationSize, horizon } = environment;
  const complain = (problem: string) => {
    throw new InvalidArgumentError('environment', `${name} ${problem}`);
  };
  if (observationSize !== stateSize) {
    complain(`has observations of ${observationSize} numbers, the model states of ${stateSize}`);
  }
  if (environment.actionSize !== actionSize) {
    complain(`has actions of ${environment.actionSize} numbers, the model of ${actionSize}`);
  }
  const { actions } = actionsOf(model);
  if (environment.actions !== actions)
    complain(`has ${environment.actions} actions, not ${actions}`);
  if ((model.agent?.timesteps ?? 'absolute') === 'absolute' && horizon > timesteps) {
    complain(`has ${horizon} steps, and the model knows ${timesteps} timesteps`);
  }
}
