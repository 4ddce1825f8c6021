import { basename, resolve } from 'node:path';
import {
  classicVideoContenders,
  clipTask,
  generateClip,
  itemTask,
  LineStore,
  longVideoBenchFrames,
  readVideoSet,
  runVideoBench,
  summariseVideo,
  type VideoItem,
  type VideoResult,
  type VideoRowSummary,
  type VideoTask,
} from '@namm/benchmarks';
import { type Frame, FrameSourceError, openFrames, VideoModel } from '@namm/cache-video';
import type { ProgressListener } from '@namm/core';
import type { RopeScaling } from '@namm/decoder';
import { nammVideoContenders } from '@namm/evolve-policies';
import type { EvictionPolicy, Probe } from '@namm/kv-cache';

/** Options of {@link benchVideos}. */
export interface BenchVideosOptions {
  /** Finds the model once all else is checked: it may have to be fetched. */
  readonly open: () => Promise<string>;
  readonly ropeScaling: Required<RopeScaling>;
  /** Folder of a published set; synthetic clips if left out. */
  readonly set?: string | undefined;
  /** How many clips, or items of the set. */
  readonly clips: number;
  /** Frames of a clip. */
  readonly length: number;
  /** Most frames of a video of the set, one a second. */
  readonly most: number;
  /** Of `classicVideoContenders`, by name. */
  readonly policies: readonly string[];
  /** Files of NAMMs. */
  readonly namm: readonly string[];
  /** Of the bytes of the full cache. */
  readonly shares: readonly number[];
  /** Kinds of questions that are not asked. */
  readonly without: readonly string[];
  /** File that a later run goes on from. */
  readonly results: string;
  /** Frames read at once. */
  readonly framesPerStep: number;
  /** Other clips, or first videos of the set, that NAMMs are calibrated on. */
  readonly calibrate: number;
  /** Tokens read at once. */
  readonly chunk: number;
  readonly threads?: number | undefined;
  /** Of clips and random policies. */
  readonly seed: number;
  /** Told which videos of the set are missing, before anything is read. */
  readonly onMissing: (files: readonly string[]) => void;
  /** Told of videos that cannot be read, and are left out, and of damaged frames. */
  readonly onProblem: (message: string) => void;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/**
 * Compares policies at equal bytes with the full cache and with fewer frames, on synthetic clips or a published set.
 *
 * @throws what is wrong with the set, the model or the NAMMs
 * @throws the signal's reason when it is aborted
 */
export async function benchVideos(options: BenchVideosOptions): Promise<VideoRowSummary[]> {
  const { clips, seed, chunk, threads, most, ropeScaling, shares, framesPerStep } = options;
  const { without, onProgress, signal } = options;
  const onUnreadable = (id: string, error: unknown) => {
    if (!(error instanceof FrameSourceError)) throw error;
    options.onProblem(`${id} is left out: ${error.message}`);
  };
  const tasksOf = await tasksFrom(options);
  const folder = await options.open();
  const loadModel = (probe: Probe) =>
    VideoModel.load(folder, { probe, ropeScaling, chunkSize: chunk, ...(threads && { threads }) });
  const others = tasksOf('development', options.calibrate);
  const read = async (policy: EvictionPolicy) => {
    const model = await loadModel(policy.probe);
    for (const task of others) {
      const viewing = model.begin({ policy });
      try {
        for await (const frame of task.frames(signal)) await viewing.show(frame);
      } catch (error) {
        onUnreadable(task.id, error); // the others will do to calibrate on
      } finally {
        await viewing.release();
      }
    }
    await model.release();
  };
  const store = await LineStore.open<VideoResult>(options.results);
  try {
    const tasks = tasksOf('test', clips);
    const { factor, kind, alpha, logitFactor } = ropeScaling;
    const extension = [kind, factor, alpha, logitFactor, framesPerStep, most, ...without].join(' ');
    const results = await runVideoBench({
      ...{ tasks, loadModel, store, shares, framesPerStep, onProgress, onUnreadable, signal },
      contenders: [
        ...classicVideoContenders(seed).filter(({ name }) => options.policies.includes(name)),
        ...(await nammVideoContenders(options.namm, read, seed)),
      ],
      setting: `${basename(resolve(folder))} ${extension}`,
    });
    return summariseVideo(results, tasks, { seed });
  } finally {
    await store.close();
  }
}

/** Makes as many tasks of a split as are wanted, without the questions that are not. */
async function tasksFrom(options: BenchVideosOptions) {
  const { length, seed, most, without, onMissing, onProblem } = options;
  const set = options.set === undefined ? null : await readVideoSet(options.set);
  if (set && set.missing.length > 0) onMissing(set.missing);
  const asked = (task: VideoTask<Frame>): VideoTask<Frame> => ({
    ...task,
    questions: task.questions.filter(({ kind }) => !without.includes(kind)),
  });
  return (split: 'development' | 'test', count: number): VideoTask<Frame>[] =>
    set
      ? set.items
          .slice(0, count)
          .map((item) => asked(itemTask(item, framesOf(item, most, onProblem))))
      : Array.from({ length: count }, (_, index) =>
          asked(clipTask(generateClip({ length, split, seed, index }))),
        );
}

/** The frames of an item: one a second, as LongVideoBench shows them. */
const framesOf = (
  { file, duration }: VideoItem,
  most: number,
  tell: BenchVideosOptions['onProblem'],
) =>
  async function* (signal?: AbortSignal) {
    const source = await openFrames(file);
    const facts = await source.facts(signal);
    const indices = facts && longVideoBenchFrames(facts.timestamps.length, duration, most);
    const onProblem = ({ message }: { readonly message: string }) => tell(message);
    yield* source.read({ ...(indices && { indices }), onProblem, ...(signal && { signal }) });
  };
