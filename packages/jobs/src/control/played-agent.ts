import { existsSync } from 'node:fs';
import type { EpisodeChoices, MemoryContender } from '@namm/control';
import type { EnvironmentSettings } from '@namm/environments';
import { checkpointsIn } from '@namm/models';
import { contenderFor } from './contender-for.js';

/** An agent that plays, and what is asked of it. */
export interface PlayedAgent {
  /** Folder of a Decision Transformer. */
  readonly agent: string;
  /** That of the folder's `agent.json` if left out. */
  readonly environment?: EnvironmentSettings | undefined;
  /** What `agent.json` does not say, or says otherwise. */
  readonly episode: EpisodeChoices;
}

/** What names of ways to remember stand for. */
export interface ContenderChoice {
  /** Of policies: rows per head, a share or bytes. */
  readonly budget: string;
  /** Of the NAMM `namm`; that beside the agent if left out. */
  readonly checkpoint?: string | undefined;
}

/** The ways to remember that names stand for, for an agent. */
export async function contendersOf(
  names: readonly string[],
  { agent }: Pick<PlayedAgent, 'agent'>,
  { budget, ...choice }: ContenderChoice,
): Promise<MemoryContender[]> {
  const [beside] = existsSync(agent) ? checkpointsIn(agent) : [];
  const checkpoint = choice.checkpoint ?? beside;
  const contenders: MemoryContender[] = [];
  for (const name of names) {
    contenders.push(await contenderFor(name, { budget, ...(checkpoint && { checkpoint }) }));
  }
  return contenders;
}
