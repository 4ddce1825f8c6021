import { basename } from 'node:path';
import { checkNames, InvalidArgumentError, writeFileAtomic } from '@namm/core';
import type { EnvironmentSettings } from '@namm/environments';
import { episodePage } from '@namm/report';
import { AgentPlayer, type EpisodeChoices } from './agent-player.js';
import { filmEpisode } from './film-episode.js';
import { identifyPlay } from './identify-play.js';
import type { MemoryContender } from './memory-contender.js';

/** Steps that a page can show. */
const mostSteps = 10_000;

/** An episode to show. */
export interface EpisodeOfPage {
  /** Folder of a Decision Transformer. */
  readonly agent: string;
  /** @defaultValue that of the folder's `agent.json` */
  readonly environment?: EnvironmentSettings | undefined;
  /** Settings that are missing in `agent.json`, or override it. */
  readonly episode?: EpisodeChoices | undefined;
  readonly contender: MemoryContender;
  readonly seed: number;
  /** Stops between two steps; nothing is then written. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Plays an episode and writes it as a page: what happens, next to what each head still holds.
 *
 * @param path of the page
 * @throws {InvalidArgumentError} for an environment that does not match the agent, or has more steps than a page can
 *   show
 * @throws the reason of the signal, when it stops
 *
 * @example
 * ```ts
 * const contender = await createContender('h2o', { budget: 60 });
 * await writeEpisodePage('episode.html', { agent: agentFolder('t-maze-agent'), contender, seed: 4 });
 * ```
 */
export async function writeEpisodePage(path: string, shown: EpisodeOfPage): Promise<void> {
  const {
    agent,
    episode = {},
    contender,
    seed,
    signal,
  } = checkNames('writeEpisodePage', shown, [
    ...(['agent', 'environment', 'episode', 'contender', 'seed', 'signal'] as const),
  ]);
  const { environment } = await identifyPlay(agent, shown.environment);
  const player = await AgentPlayer.open({ agent, environment, episode, probe: contender.probe });
  try {
    const { horizon } = player.environment;
    if (horizon > mostSteps) {
      const problem = `has ${horizon} steps; a page shows ${mostSteps} at most`;
      throw new InvalidArgumentError('environment', problem);
    }
    const film = await filmEpisode(player, contender, seed, signal);
    const { played, ...rest } = film;
    const notes = {
      agent: basename(agent),
      environment: describe(environment),
      seed: String(seed),
      end: played.failure ?? played.end,
    };
    await writeFileAtomic(path, episodePage({ ...rest, policy: contender.name, notes }));
  } finally {
    await player.release();
  }
}

const describe = ({ name, ...options }: EnvironmentSettings) =>
  [name, ...Object.entries(options).map(([key, value]) => `${key} ${JSON.stringify(value)}`)].join(
    ', ',
  );
