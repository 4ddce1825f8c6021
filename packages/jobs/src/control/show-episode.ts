import { writeEpisodePage } from '@namm/control';
import { type ContenderChoice, contendersOf, type PlayedAgent } from './played-agent.js';

/** Options of {@link showEpisode}. */
export interface ShowEpisodeOptions extends PlayedAgent, ContenderChoice {
  /** The way to remember, by name. */
  readonly policy: string;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/**
 * Plays an episode, and writes it as a page.
 *
 * @returns the name of the way to remember, as tables call it
 */
export async function showEpisode(path: string, options: ShowEpisodeOptions): Promise<string> {
  const { agent, environment, episode, policy, seed, signal } = options;
  const contender = (await contendersOf([policy], options, options))[0]!;
  await writeEpisodePage(path, { agent, environment, episode, contender, seed, signal });
  return contender.name;
}
