import { clipFrames, clipTask, generateClip } from '@namm/benchmarks';
import { type Frame, VideoModel } from '@namm/cache-video';
import { PositionLimitError } from '@namm/decoder';
import { full } from '@namm/kv-cache';
import type { WatchSetting } from './measure-stream.js';
import { watchedPolicy } from './watched-policy.js';

/** The part of a clip in which something happened. */
export const parts = ['early', 'middle', 'late'] as const;

/** Answers about what happened in one part of clips of one length. */
export interface PartScore {
  readonly part: (typeof parts)[number];
  readonly frames: number;
  readonly policy: string;
  readonly right: number;
  readonly asked: number;
  /** Frames that shared the rows of the one before, of those of all clips. */
  readonly reused: number;
}

/** Frames that are read in one step. */
const together = 16;

/**
 * Watches synthetic clips to their end, and asks then what came in the bright frame, of which each clip has one: in its
 * first, second or last third.
 *
 * @param policy its name; `full` keeps everything
 * @param clips how many
 * @returns null where the full cache does not fit into the positions of the model
 */
export async function measureAnswers(
  { folder, ropeFactor, budget, reuseBelow, seed, threads }: WatchSetting,
  policy: string,
  frames: number,
  clips: number,
  onClip: (done: number) => void,
): Promise<PartScore[] | null> {
  const keeper = policy === 'full' ? full() : await watchedPolicy(policy, budget);
  const ropeScaling = { factor: ropeFactor };
  const model = await VideoModel.load(folder, { probe: keeper.probe, ropeScaling, threads });
  const tally = parts.map((part) => ({ part, frames, policy, right: 0, asked: 0, reused: 0 }));
  try {
    const positions = policy === 'full' ? 'absolute' : 'compact';
    for (let index = 0; index < clips; index++) {
      const clip = generateClip({ length: frames, split: 'test', seed, index });
      const { frame } = clip.events.find(({ isBright }) => isBright)!;
      const score = tally[Math.floor((3 * frame) / frames)]!;
      const {
        text,
        maxNewTokens,
        score: rate,
      } = clipTask(clip).questions.find(({ kind }) => kind === 'needle')!;
      const viewing = model.begin({ policy: keeper, positions, reuseBelow });
      let waiting: Frame[] = [];
      for (const each of clipFrames(clip)) {
        waiting.push(each);
        if (waiting.length < together) continue;
        await viewing.showAll(waiting);
        waiting = [];
      }
      await viewing.showAll(waiting);
      let answer = '';
      for await (const piece of viewing.ask(text, { maxNewTokens, sampling: { temperature: 0 } })) {
        answer += piece;
      }
      score.reused += viewing.memory().reused;
      await viewing.release();
      score.right += rate(answer);
      score.asked++;
      onClip(index + 1);
    }
    return tally;
  } catch (error) {
    if (policy === 'full' && error instanceof PositionLimitError) return null;
    throw error;
  } finally {
    await model.release();
  }
}
