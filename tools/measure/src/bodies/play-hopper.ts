import type { AgentPlayer, MemoryContender } from '@namm/control';

/** What became of an episode of so many steps. */
export interface HopperEpisode {
  /** Times it fell and stood up again. */
  readonly falls: number;
  /** Rows per head at the end. */
  readonly rows: number;
}

/**
 * Plays an episode that lasts `steps` steps in any case: a body that fell stands up again, and the agent's episode goes
 * on, so that all episodes cost the same.
 *
 * @param player of a body, whose horizon is longer than the episode
 * @param seed of the first start; that of the next is larger by 1,000,000
 */
export async function playHopper(
  player: AgentPlayer,
  contender: MemoryContender,
  seed: number,
  steps: number,
): Promise<HopperEpisode> {
  const { environment } = player;
  const episode = player.begin({ policy: contender.policy(seed), window: contender.window });
  let falls = 0;
  try {
    let observation = environment.reset(seed);
    for (let step = 0; step < steps; step++) {
      const result = environment.step(await episode.act(observation));
      episode.observe(result.reward, result.action);
      observation = result.observation;
      if (!result.terminated) continue;
      falls++;
      observation = environment.reset(seed + 1_000_000 * falls);
    }
    const { rows, keptPerHead } = episode.memory();
    return { falls, rows: rows / keptPerHead.flat().length };
  } finally {
    await episode.release();
  }
}
