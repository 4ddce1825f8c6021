import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import type { EnvironmentSettings } from '@namm/environments';
import type { EpisodeChoices } from './agent-player.js';
import { identifyPlay, type PlayIdentity } from './identify-play.js';
import type { MemoryContender } from './memory-contender.js';

/** Options of {@link planEvaluation}. */
export interface EvaluationOptions {
  /** Folder of a Decision Transformer. */
  readonly agent: string;
  /** @defaultValue that of the folder's `agent.json` */
  readonly environment?: EnvironmentSettings;
  /** At least one, each with a name of its own. */
  readonly contenders: readonly MemoryContender[];
  /** Episodes of each. */
  readonly episodes: number;
  /**
   * Seed of the first episode; each further episode takes the next seed. The same for all contenders. @defaultValue 0
   */
  readonly seed?: number;
  /** Settings that are missing in the folder's `agent.json`, or override it. */
  readonly episode?: EpisodeChoices;
}

/** An evaluation, checked as far as can be without running the model. */
export interface EvaluationPlan {
  readonly agent: string;
  readonly contenders: readonly MemoryContender[];
  readonly seeds: readonly number[];
  /** Everything that an episode depends on, except contender and seed. */
  readonly settings: PlayIdentity & { readonly episode: EpisodeChoices };
}

/**
 * Plans a comparison of kinds of memory: each contender plays the same episodes.
 *
 * @throws {InvalidArgumentError} naming the invalid option; for an environment without a name
 * @throws {FileFormatError} when the folder cannot be read
 */
export async function planEvaluation(options: EvaluationOptions): Promise<EvaluationPlan> {
  const {
    agent,
    contenders,
    episodes,
    seed = 0,
    episode = {},
  } = checkNames('planEvaluation', options, [
    'agent',
    'environment',
    'contenders',
    'episodes',
    'seed',
    'episode',
  ]);
  checkInteger('episodes', episodes, 1);
  checkInteger('seed', seed, 0);
  checkNames('episode', episode, ['targetReturn', 'returnScale', 'normalisation']);
  if (contenders.length === 0) throw new InvalidArgumentError('contenders', 'there are none');
  const names = contenders.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new InvalidArgumentError('contenders', `'${twice}' appears twice`);
  const { agent: digest, environment, physics } = await identifyPlay(agent, options.environment);
  return {
    agent,
    contenders,
    seeds: Array.from({ length: episodes }, (_, i) => seed + i),
    settings: { agent: digest, environment, episode, physics },
  };
}
