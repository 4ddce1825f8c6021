import { type ClipFrame, clipFrames, generateClip } from '@namm/benchmarks';
import { VideoModel } from '@namm/cache-video';
import { median } from '@namm/statistics';
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
  /** Median CPU seconds of a frame: vision tower, decoder and eviction. */
  readonly cpu: number;
  /** Mean CPU seconds of a frame, garbage collection and whatever disturbed the machine included. */
  readonly mean: number;
  /** As `cpu`, of a viewing that began with the block. */
  readonly young: number;
  /** Largest resident memory in the block, MB. */
  readonly residentMegabytes: number;
  /** Rows of the longest head. */
  readonly rows: number;
}

/** Frames after which a young viewing holds its budget; they are not counted. */
const settle = 50;

/**
 * Watches one synthetic clip, frame by frame. Each frame is shown to a second viewing too, which begins anew with every
 * block: whatever the machine does meanwhile meets both, so that the difference is what age costs.
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
  const begin = () => model.begin({ policy, positions: 'compact', reuseBelow });
  const viewing = begin();
  const clip = generateClip({ length: frames, split: 'test', seed, index: 0 });
  const drawn = clipFrames(clip);
  const blocks: StreamBlock[] = [];
  for (let shown = 0; shown < frames; ) {
    const some: ClipFrame[] = [];
    while (some.length < Math.min(block, frames - shown)) some.push(drawn.next().value!);
    const young = begin();
    const times = { viewing: [] as number[], young: [] as number[] };
    let resident = 0;
    for (const [i, frame] of some.entries()) {
      const both = [
        ['viewing', viewing],
        ['young', young],
      ] as const;
      for (const [which, each] of i % 2 === 0 ? both : both.toReversed()) {
        const before = process.cpuUsage();
        await each.show(frame);
        const { user, system } = process.cpuUsage(before);
        times[which].push((user + system) / 1e6);
      }
      resident = Math.max(resident, process.memoryUsage.rss());
    }
    await young.release();
    shown += some.length;
    const counted = times.viewing.slice(Math.min(settle, some.length - 1));
    blocks.push({
      frames: shown,
      cpu: median(counted),
      mean: counted.reduce((sum, each) => sum + each, 0) / counted.length,
      young: median(times.young.slice(-counted.length)),
      residentMegabytes: resident / 2 ** 20,
      rows: Math.max(...viewing.memory().keptPerHead.flat()),
    });
    onBlock(blocks.at(-1)!);
  }
  await viewing.release();
  await model.release();
  return blocks;
}
