import type { Agent } from '../contracts/agent.js';
import type { Environment } from '../contracts/environment.js';
import type { Episode } from '../contracts/episode-source.js';
import { type EpisodeResult, runEpisode } from '../run-episode.js';

/** An episode as it is kept in a data set. */
export type RecordedEpisode = Omit<Episode, 'index'>;

/**
 * Runs an agent through one episode and keeps all of it. The actions are those that were really done.
 *
 * @returns what became of it; `recorded` is null when the simulation broke down
 */
export function recordEpisode(
  environment: Environment,
  agent: Agent,
  seed: number,
): { result: EpisodeResult; recorded: RecordedEpisode | null } {
  const observations: Float32Array[] = [];
  const actions: Float32Array[] = [];
  const rewards: number[] = [];
  let finalObservation: Float32Array | null = null;
  const result = runEpisode(environment, agent, seed, (observation, step) => {
    observations.push(observation);
    actions.push(step.action);
    rewards.push(step.reward);
    finalObservation = step.observation;
  });
  if (result.end === 'failed') return { result, recorded: null };
  const recorded = {
    length: result.length,
    observations: joined(observations, environment.observationSize),
    actions: joined(actions, environment.actionSize),
    rewards: Float32Array.from(rewards),
    finalObservation,
    end: result.end,
  };
  return { result, recorded };
}

function joined(rows: readonly Float32Array[], size: number): Float32Array {
  const all = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) all.set(row, i * size);
  return all;
}
