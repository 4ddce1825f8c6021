import { basename } from 'node:path';
import { AgentPlayer, type EpisodeChoices, filmEpisode, type MemoryContender } from '@namm/control';
import { InvalidArgumentError, writeFileAtomic } from '@namm/core';
import type { EnvironmentSettings } from '@namm/environments';
import { episodePage } from '@namm/report';

/** Steps that a page can show. */
const mostSteps = 10_000;

/** An episode to be shown. */
export interface EpisodeOfPage {
  readonly agent: string;
  readonly environment: EnvironmentSettings;
  readonly episode: EpisodeChoices;
  readonly contender: MemoryContender;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Plays an episode again, and writes it as a page. */
export async function writeEpisodePage(path: string, shown: EpisodeOfPage): Promise<void> {
  const { agent, environment, episode, contender, seed, signal } = shown;
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
