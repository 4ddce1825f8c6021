import type { AgentPlayer, MemoryContender } from '@namm/control';
import { mean } from '@namm/statistics';
import { memoryDigest } from './memory-digest.js';

/** One episode in a maze. */
export interface LongMazeEpisode {
  readonly seed: number;
  readonly isRight: boolean;
  readonly steps: number;
  /** Steps that were computed; the others repeat some of them bit for bit. */
  readonly computed: number;
  readonly rowsPerHead: { readonly mean: number; readonly peak: number };
  /** Of keys, values, positions, the policy's state and steps kept as they came. */
  readonly peakBytes: number;
}

/** How it is played. */
export interface LongMazeOptions {
  /** Steps after which a policy is where it was in its own clock. */
  readonly period: number;
  /** Of a file that may be written; null computes every step. */
  readonly scratch: string | null;
}

/**
 * Times at which an agent that walks on sees anything else than the corridor: the cue, and the junction at last.
 *
 * @param player in a T-maze; its episode is over afterwards
 */
export function marksOf({ environment }: AgentPlayer, length: number, seed: number): number[] {
  environment.reset(seed);
  const marks: number[] = [];
  for (let time = 0; time <= length; time++) {
    const [corridor, ...others] = environment.restore(placeAt(seed, time));
    if (corridor !== 1 || others.some((number) => number !== 0)) marks.push(time);
  }
  return marks;
}

/** The state of a T-maze in which an agent has walked right for `time` steps. */
const placeAt = (seed: number, time: number) => Float64Array.of(seed, time, 0, time);

/**
 * Plays an episode in a T-maze of any length. While nothing but the corridor is seen, an agent without a sense of time
 * whose memory is bit for bit what it was one period ago does what it did in that period, as often as the period fits
 * in before the next mark. These repetitions are not computed: the agent goes on where the last of them ends.
 *
 * @param marks of {@link marksOf}
 */
export async function playLongMaze(
  player: AgentPlayer,
  contender: MemoryContender,
  seed: number,
  marks: readonly number[],
  { period, scratch }: LongMazeOptions,
): Promise<LongMazeEpisode> {
  const { environment } = player;
  const { window } = contender;
  const episode = player.begin({ policy: contender.policy(seed), window });
  let observation = environment.reset(seed);
  let [time, computed, rowSum, peak, cacheBytes] = [0, 0, 0, 0, 0];
  let before = null as { digest: string; time: number; rowSum: number } | null;
  try {
    for (;;) {
      const { reward, action, terminated, truncated, ...next } = environment.step(
        await episode.act(observation),
      );
      const { keptPerHead, bytes } = episode.cache.memory();
      const rows = mean(keptPerHead.flat());
      rowSum += rows;
      peak = Math.max(peak, rows);
      cacheBytes = Math.max(cacheBytes, bytes.used + bytes.positions + bytes.policy);
      time++;
      computed++;
      if (terminated || truncated) {
        const rowsPerHead = { mean: rowSum / time, peak };
        const peakBytes = cacheBytes + episode.memory().stepBytes;
        return { seed, isRight: reward === 1, steps: time, computed, rowsPerHead, peakBytes };
      }
      episode.observe(reward, action);
      observation = next.observation;
      if (scratch === null || time % period !== 0) continue;
      const digest = await memoryDigest(episode, scratch);
      const lastMark = marks.findLast((mark) => mark < time) ?? -1;
      const hasWalkedOn = environment.save()[3] === time;
      if (before?.digest === digest && lastMark < before.time && hasWalkedOn) {
        const nextMark = marks.find((mark) => mark >= time)!;
        const times = Math.floor((nextMark - time) / period);
        rowSum += times * (rowSum - before.rowSum);
        time += times * period;
        observation = environment.restore(placeAt(seed, time));
      }
      before = { digest, time, rowSum };
    }
  } finally {
    await episode.release();
  }
}
