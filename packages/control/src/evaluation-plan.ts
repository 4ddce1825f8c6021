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
  /** Of the first episode; the next have the next seeds. The same for all contenders. @defaultValue 0 */
  readonly seed?: number;
  /** What the folder's `agent.json` does not say, or says otherwise. */
  readonly episode?: EpisodeChoices;
}

/** An evaluation, checked as far as can be without running the model. */
export interface EvaluationPlan {
  readonly agent: string;
  readonly contenders: readonly MemoryContender[];
  readonly seeds: readonly number[];
  /** All that an episode depends on, but its contender and its seed. */
  readonly settings: PlayIdentity & { readonly episode: EpisodeChoices };
}

/**
 * Plans the comparison of ways to remember: each contender plays the same episodes.
 *
 * @throws {InvalidArgumentError} naming the option that is wrong; for an environment without a name
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
  if (twice !== undefined)
    throw new InvalidArgumentError('contenders', `'${twice}' is there twice`);
  const { agent: digest, environment, physics } = await identifyPlay(agent, options.environment);
  return {
    agent,
    contenders,
    seeds: Array.from({ length: episodes }, (_, i) => seed + i),
    settings: { agent: digest, environment, episode, physics },
  };
}
