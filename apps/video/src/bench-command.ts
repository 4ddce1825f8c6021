import { basename, resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import {
  classicVideoContenders,
  clipTask,
  formatVideo,
  generateClip,
  itemTask,
  LineStore,
  longVideoBenchFrames,
  readVideoSet,
  runVideoBench,
  summariseVideo,
  type VideoItem,
  type VideoResult,
  type VideoTask,
} from '@namm/benchmarks';
import { type Frame, openFrames, VideoModel } from '@namm/cache-video';
import {
  addRopeScalingOptions,
  count,
  fromZero,
  interruptSignal,
  listOf,
  listOrNone,
  nameFrom,
  openModel,
  outputFile,
  ProgressLine,
  type RopeScalingOptions,
  ropeScalingOf,
  share,
  terminalWidth,
  threadCount,
} from '@namm/cli';
import { nammVideoContenders } from '@namm/evolve-policies';
import type { EvictionPolicy, Probe } from '@namm/kv-cache';

interface Options extends RopeScalingOptions {
  readonly model: string;
  readonly set?: string;
  readonly clips: number;
  readonly length: number;
  readonly most: number;
  readonly policies: string[];
  readonly namm: string[];
  readonly shares: number[];
  readonly without: string[];
  readonly results: string;
  readonly framesPerStep: number;
  readonly calibrate: number;
  readonly chunk: number;
  readonly threads?: number;
  readonly seed: number;
}

const classics = classicVideoContenders(1).map(({ name }) => name);

/** Adds `bench`: policies at equal bytes, on synthetic clips or a published set. */
export function addBenchCommand(program: Command): void {
  const command = program
    .command('bench')
    .description(
      'compare policies at equal bytes with the full cache and with fewer frames, on synthetic clips, LongVideoBench or MLVU',
    );
  addRopeScalingOptions(command, '1 if left out', 1)
    .requiredOption('--model <name>', 'a folder, or a model of the hub')
    .requiredOption('--results <file>', 'JSONL of results; a run goes on with it', outputFile)
    .option('--set <folder>', 'LongVideoBench or MLVU as published; clips if left out')
    .option('--clips <count>', 'how many clips, or items of the set', count, 100)
    .option('--length <frames>', 'frames of a clip', count, 96)
    .option('--most <frames>', 'most frames of a video of the set, one a second', count, 32)
    .option('--policies <list>', classics.join(', '), listOrNone(nameFrom(classics)), classics)
    .option('--namm <files...>', 'NAMMs: frozen, calibrated, and with random parameters', [])
    .option('--shares <list>', 'of the bytes of the full cache', listOf(share), [0.75, 0.4, 0.2])
    .option('--without <list>', 'kinds of questions that are not asked', listOf(String), [])
    .option('--frames-per-step <count>', 'frames read at once', count, 1)
    .option('--calibrate <count>', 'other clips, or first videos of the set, for NAMMs', count, 32)
    .option('--chunk <count>', 'tokens read at once', count, 256)
    .option('--threads <count>', 'threads that compute', threadCount)
    .option('--seed <seed>', 'of clips and random policies', fromZero, 1)
    .action(bench);
}

async function bench(options: Options): Promise<void> {
  const signal = interruptSignal();
  const { clips, length, seed, chunk, threads, most } = options;
  const set = options.set === undefined ? null : await readVideoSet(options.set);
  if (set) console.error(`${set.missing.length} videos of ${options.set} are missing`);
  const asked = (task: VideoTask<Frame>): VideoTask<Frame> => ({
    ...task,
    questions: task.questions.filter(({ kind }) => !options.without.includes(kind)),
  });
  const tasksOf = (split: 'development' | 'test', number: number): VideoTask<Frame>[] =>
    set
      ? set.items.slice(0, number).map((item) => asked(itemTask(item, framesOf(item, most))))
      : Array.from({ length: number }, (_, index) =>
          asked(clipTask(generateClip({ length, split, seed, index }))),
        );
  const folder = await openModel(options.model, signal);
  const ropeScaling = ropeScalingOf(options);
  const loadModel = (probe: Probe) =>
    VideoModel.load(folder, { probe, ropeScaling, chunkSize: chunk, ...(threads && { threads }) });
  const others = tasksOf('development', options.calibrate);
  const read = async (policy: EvictionPolicy) => {
    const model = await loadModel(policy.probe);
    for (const task of others) {
      const viewing = model.begin({ policy });
      for await (const frame of task.frames(signal)) await viewing.show(frame);
      await viewing.release();
    }
    await model.release();
  };
  const progress = new ProgressLine('videos');
  const store = await LineStore.open<VideoResult>(options.results);
  try {
    const tasks = tasksOf('test', clips);
    const { factor, kind, alpha, logitFactor } = ropeScaling;
    const run = [options.framesPerStep, most, ...options.without];
    const extension = [kind, factor, alpha, logitFactor, ...run].join(' ');
    const results = await runVideoBench({
      ...{ tasks, loadModel, store, signal, shares: options.shares },
      contenders: [
        ...classicVideoContenders(seed).filter(({ name }) => options.policies.includes(name)),
        ...(await nammVideoContenders(options.namm, read, seed)),
      ],
      setting: `${basename(resolve(folder))} ${extension}`,
      framesPerStep: options.framesPerStep,
      onProgress: (event) => progress.update(event),
    });
    progress.clear();
    const width = process.stdout.isTTY ? { style: 'plain', width: terminalWidth() } : {};
    console.log(formatVideo(summariseVideo(results, tasks, { seed }), width as object));
  } finally {
    progress.clear();
    await store.close();
  }
}

/** The frames of an item: one a second, as LongVideoBench shows them. */
const framesOf = ({ file, duration }: VideoItem, most: number) =>
  async function* (signal?: AbortSignal) {
    const source = await openFrames(file);
    const facts = await source.facts(signal);
    const indices = facts && longVideoBenchFrames(facts.timestamps.length, duration, most);
    yield* source.read({ ...(indices && { indices }), ...(signal && { signal }) });
  };
