import { setImmediate } from 'node:timers/promises';
import type { AgentEpisode } from '@namm/cache-decision-transformer';
import type { Environment } from '@namm/environments';
import { mean } from '@namm/statistics';
import type { EpisodeRecord } from './episode-record.js';

/** Steps between looks at the signal: computing leaves Node no time to hear one. */
const stepsPerLook = 16;

/** Plays one episode to its end, and watches what the agent holds. */
export async function playEpisode(
  episode: AgentEpisode,
  environment: Environment,
  seed: number,
  signal?: AbortSignal,
): Promise<Omit<EpisodeRecord, 'contender' | 'settings'>> {
  const start = performance.now();
  let [total, rowSum, peakRows, cacheBytes] = [0, 0, 0, 0];
  let observation = environment.reset(seed);
  for (let steps = 1; ; steps++) {
    if (steps % stepsPerLook === 1) await setImmediate();
    signal?.throwIfAborted();
    const result = environment.step(await episode.act(observation));
    const { keptPerHead, bytes } = episode.cache.memory();
    const rows = mean(keptPerHead.flat());
    rowSum += rows;
    peakRows = Math.max(peakRows, rows);
    cacheBytes = Math.max(cacheBytes, bytes.used + bytes.positions + bytes.policy);
    total += result.reward;
    if (result.terminated || result.truncated) {
      const { failure, terminated } = result;
      const end = failure !== null ? 'failed' : terminated ? 'terminated' : 'truncated';
      const rowsPerHead = { mean: rowSum / steps, peak: peakRows };
      const peakBytes = cacheBytes + episode.memory().stepBytes;
      const seconds = (performance.now() - start) / 1000;
      return { seed, return: total, steps, end, failure, rowsPerHead, peakBytes, seconds };
    }
    episode.observe(result.reward, result.action);
    observation = result.observation;
  }
}
