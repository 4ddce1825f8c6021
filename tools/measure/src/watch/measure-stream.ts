import { type ClipFrame, clipFrames, generateClip } from '@namm/benchmarks';
import { VideoModel } from '@namm/cache-video';
import { startStopwatch } from '../measuring/stopwatch.js';
import { watchedPolicy } from './watched-policy.js';

/** A model that watches, and how. */
export interface WatchSetting {
  readonly folder: string;
  readonly ropeFactor: number;
  /** Rows per head. */
  readonly budget: number;
  /** Frames that differ less from the one before share its rows; 0 for none. */
  readonly reuseBelow: number;
  readonly seed: number;
  readonly threads: number;
}

/** What some frames in a row took. */
export interface StreamBlock {
  /** Frames shown by its end. */
  readonly frames: number;
  /** CPU seconds per frame: vision tower, decoder and eviction. */
  readonly cpu: number;
  /** Largest resident memory so far in the block, MB. */
  readonly residentMegabytes: number;
  /** Rows of the longest head. */
  readonly rows: number;
}

/**
 * Watches one synthetic clip, frame by frame.
 *
 * @param frames of the clip
 * @param block frames that are drawn before their time is taken
 */
export async function measureStream(
  { folder, ropeFactor, budget, reuseBelow, seed, threads }: WatchSetting,
  name: string,
  frames: number,
  block: number,
  onBlock: (block: StreamBlock) => void,
): Promise<StreamBlock[]> {
  const policy = await watchedPolicy(name, budget);
  const ropeScaling = { factor: ropeFactor };
  const model = await VideoModel.load(folder, { probe: policy.probe, ropeScaling, threads });
  const viewing = model.begin({ policy, positions: 'compact', reuseBelow });
  const clip = generateClip({ length: frames, split: 'test', seed, index: 0 });
  const drawn = clipFrames(clip);
  const blocks: StreamBlock[] = [];
  for (let shown = 0; shown < frames; ) {
    const some: ClipFrame[] = [];
    while (some.length < Math.min(block, frames - shown)) some.push(drawn.next().value!);
    let resident = 0;
    const elapsed = startStopwatch();
    for (const frame of some) {
      await viewing.show(frame);
      resident = Math.max(resident, process.memoryUsage.rss());
    }
    shown += some.length;
    blocks.push({
      frames: shown,
      cpu: elapsed().cpu / some.length,
      residentMegabytes: resident / 2 ** 20,
      rows: Math.max(...viewing.memory().keptPerHead.flat()),
    });
    onBlock(blocks.at(-1)!);
  }
  await viewing.release();
  await model.release();
  return blocks;
}
