import { checkInteger, checkNames, InvalidArgumentError, type ProgressListener } from '@namm/core';
import { type CacheMemory, type EvictionPolicy, keptShare, type Probe } from '@namm/kv-cache';
import type { LineStore } from '../compare/line-store.js';
import { fullVideo, type VideoContender, type VideoTokens } from './video-contender.js';
import type { VideoTask } from './video-task.js';

/** What a model has seen of a video; `Viewing` of `@namm/cache-video` is one. */
export interface BenchViewing<Encoded> {
  showAll(
    frames: readonly Encoded[],
  ): Promise<readonly { readonly first: number; readonly tokens: number }[]>;
  ask(
    question: string,
    options: {
      readonly maxNewTokens: number;
      readonly sampling: { readonly temperature: 0 };
      readonly signal?: AbortSignal;
    },
  ): AsyncIterable<string>;
  memory(): CacheMemory;
  release(): Promise<void>;
}

/** A model that videos are shown to; `VideoModel` of `@namm/cache-video` is one. */
export interface BenchVideoModel<Frame, Encoded> {
  encode(frame: Frame): Promise<Encoded>;
  begin(
    options: { readonly policy: EvictionPolicy },
    video: { readonly frames: number; readonly duration: number } | null,
  ): BenchViewing<Encoded>;
  release(): Promise<void>;
}

/** A line of the table: a contender, with a share of the full cache's bytes or its own decision. */
export interface VideoRow {
  readonly contender: string;
  readonly version: string;
  /** Null when it decides itself. */
  readonly share: number | null;
}

/** Result of a row on a task. */
export interface VideoResult extends VideoTokens {
  readonly answers: readonly string[];
  readonly scores: readonly number[];
  /** Frames shown. */
  readonly frames: number;
  /** Rows held over tokens read, mean over heads. */
  readonly kept: number;
  /** When the questions are asked. */
  readonly bytes: {
    readonly keysAndValues: number;
    readonly positions: number;
    readonly policy: number;
  };
}

/** Results of all tasks by row, in the order of the tasks; those that a stopped run lacks are undefined. */
export interface VideoResults {
  readonly row: VideoRow;
  readonly results: readonly (VideoResult | undefined)[];
}

/** Settings of a run. */
export interface VideoBenchOptions<Frame, Encoded> {
  readonly tasks: readonly VideoTask<Frame>[];
  /** Contenders to compare with the full cache. */
  readonly contenders: readonly VideoContender[];
  /** Shares of the full cache's bytes, for contenders that take a budget. */
  readonly shares: readonly number[];
  /** Identifies the model and how it is run; part of the results' keys. */
  readonly setting: string;
  /** Loads the model with a probe; each is loaded once, when first needed, and released at the end. */
  readonly loadModel: (probe: Probe) => Promise<BenchVideoModel<Frame, Encoded>>;
  readonly store: LineStore<VideoResult>;
  /** Frames that are read in one step. @defaultValue 1 */
  readonly framesPerStep?: number;
  /** Stage `videos`, over all rows. */
  readonly onProgress?: ProgressListener;
  /**
   * Called when a video cannot be read; unless this throws, the video is left out of all rows.
   * @defaultValue throws the error itself
   */
  readonly onUnreadable?: (id: string, error: unknown) => void;
  /** Stops between rows, and within answers, with the signal's reason; what was measured so far is in the store. */
  readonly signal?: AbortSignal;
}

/**
 * Shows each video to each contender and asks its questions from forks. Frames are encoded once for all. The full cache
 * comes first, because shares are shares of its bytes; a policy's own state counts. Results go to the store, so that a
 * stopped run resumes.
 *
 * @returns the rows, the full cache first
 * @throws {InvalidArgumentError} for a bad option, before anything is loaded
 * @throws the signal's reason, and whatever the model throws; if no video can be read, the reason for the last one
 */
export async function runVideoBench<Frame, Encoded>(
  options: VideoBenchOptions<Frame, Encoded>,
): Promise<VideoResults[]> {
  const rows = planned(options);
  const { tasks, store, setting, onProgress, onUnreadable, signal } = options;
  const models = new Map<string, Promise<BenchVideoModel<Frame, Encoded>>>();
  const modelFor = (probe: Probe) => {
    const key = JSON.stringify(probe);
    const model = models.get(key) ?? options.loadModel(probe);
    models.set(key, model);
    return model;
  };
  const keyOf = ({ row }: PlannedRow, { id }: VideoTask<Frame>) =>
    `${setting}|${row.contender}@${row.version}|${row.share ?? 'own'}|${id}`;
  const results: (VideoResult | undefined)[][] = rows.map(() => tasks.map(() => undefined));
  const unread: unknown[] = [];
  try {
    for (const [t, task] of tasks.entries()) {
      let frames: readonly { readonly frame: Frame; readonly encoded: Encoded }[] | null = null;
      for (const [i, planned] of rows.entries()) {
        try {
          results[i]![t] = await store.get(keyOf(planned, task), async () => {
            signal?.throwIfAborted();
            const model = await modelFor(planned.contender.probe);
            frames ??= await encodeAll(task, model, signal);
            const whole = results[0]![t]!;
            return measure(planned, task, frames, model, i === 0 ? null : whole, options);
          });
        } catch (error) {
          if (!(error instanceof UnreadableVideo)) throw error;
          signal?.throwIfAborted();
          if (!onUnreadable) throw error.cause;
          onUnreadable(task.id, error.cause);
          unread.push(error.cause);
          break;
        }
        const done = t * rows.length + i + 1;
        onProgress?.({ stage: 'videos', done, total: rows.length * tasks.length });
      }
    }
  } finally {
    for (const model of await Promise.allSettled(models.values())) {
      if (model.status === 'fulfilled') await model.value.release();
    }
  }
  if (unread.length === tasks.length) throw unread.at(-1);
  return rows.map(({ row }, i) => ({ row, results: results[i]! }));
}

interface PlannedRow {
  readonly row: VideoRow;
  readonly contender: VideoContender;
}

function planned<Frame, Encoded>(options: VideoBenchOptions<Frame, Encoded>): PlannedRow[] {
  checkNames('runVideoBench', options, [
    ...(['tasks', 'contenders', 'shares', 'setting', 'loadModel', 'store'] as const),
    ...(['framesPerStep', 'onProgress', 'onUnreadable', 'signal'] as const),
  ]);
  const { tasks, contenders, shares, framesPerStep = 1 } = options;
  checkInteger('framesPerStep', framesPerStep, 1);
  const twice = tasks.find(({ id }, i) => tasks.some((other, j) => j < i && other.id === id));
  if (twice) throw new InvalidArgumentError('tasks', `two are called ${twice.id}`);
  if (tasks.length === 0) throw new InvalidArgumentError('tasks', 'there are none');
  for (const share of shares) {
    if (share > 0 && share < 1) continue;
    throw new InvalidArgumentError('shares', `${share} is not between 0 and 1`);
  }
  const names = ['full', ...contenders.map(({ name }) => name)];
  const double = names.find((name, i) => names.indexOf(name) < i);
  if (double) throw new InvalidArgumentError('contenders', `two are called ${double}`);
  return [fullVideo, ...contenders].flatMap((contender) => {
    const row = (share: number | null): PlannedRow => ({
      contender,
      row: { contender: contender.name, version: contender.version ?? '', share },
    });
    return [...(contender.own ? [row(null)] : []), ...(contender.within ? shares.map(row) : [])];
  });
}

async function encodeAll<Frame, Encoded>(
  task: VideoTask<Frame>,
  model: BenchVideoModel<Frame, Encoded>,
  signal: AbortSignal | undefined,
) {
  const frames: { readonly frame: Frame; readonly encoded: Encoded }[] = [];
  for await (const frame of readable(task.frames(signal))) {
    signal?.throwIfAborted();
    frames.push({ frame, encoded: await model.encode(frame) });
  }
  if (frames.length > 0) return frames;
  throw new InvalidArgumentError('tasks', `${task.id} has no frame`);
}

/** The frames of a video could not be read, for this cause. */
class UnreadableVideo extends Error {}

/** Tells what goes wrong while frames are read from what goes wrong with them. */
async function* readable<Frame>(frames: Iterable<Frame> | AsyncIterable<Frame>) {
  try {
    yield* frames;
  } catch (cause) {
    throw new UnreadableVideo('The frames of a video cannot be read.', { cause });
  }
}

async function measure<Frame, Encoded>(
  { row: { share }, contender }: PlannedRow,
  task: VideoTask<Frame>,
  all: readonly { readonly encoded: Encoded }[],
  model: BenchVideoModel<Frame, Encoded>,
  whole: VideoResult | null,
  { framesPerStep = 1, signal }: VideoBenchOptions<Frame, Encoded>,
): Promise<VideoResult> {
  const shown = all.map(({ encoded }) => encoded);
  const frames = contender.thinsFrames
    ? spread(shown, Math.max(1, Math.floor(share! * shown.length)))
    : shown;
  const tokens = whole ?? { firstToken: 0, tokensPerFrame: 1, seen: 1 };
  const policy =
    share === null
      ? contender.own!(tokens)
      : contender.within!({ kind: 'bytes', bytes: Math.floor(share * totalBytes(whole!)) }, tokens);
  const duration = all.length; // a video that is not over has no other
  const viewing = model.begin({ policy }, { frames: frames.length, duration });
  try {
    const spans: { readonly first: number; readonly tokens: number }[] = [];
    for (let at = 0; at < frames.length; at += framesPerStep) {
      signal?.throwIfAborted();
      spans.push(...(await viewing.showAll(frames.slice(at, at + framesPerStep))));
    }
    const memory = viewing.memory();
    const answers: string[] = [];
    for (const { text, maxNewTokens } of task.questions) {
      let answer = '';
      const stop = signal ? { signal } : {};
      const asked = { maxNewTokens, sampling: { temperature: 0 }, ...stop } as const;
      for await (const piece of viewing.ask(text, asked)) answer += piece;
      answers.push(answer);
    }
    const first = spans[0]!.first;
    return {
      answers,
      scores: task.questions.map(({ score }, i) => score(answers[i]!)),
      frames: frames.length,
      seen: memory.seen,
      kept: keptShare(memory),
      bytes: {
        keysAndValues: memory.bytes.used,
        positions: memory.bytes.positions,
        policy: memory.bytes.policy,
      },
      firstToken: first,
      tokensPerFrame: spans.length > 1 ? spans[1]!.first - first : spans[0]!.tokens,
    };
  } finally {
    await viewing.release();
  }
}

/** All bytes that a row holds when its questions are asked. */
export function totalBytes({ bytes }: VideoResult): number {
  return bytes.keysAndValues + bytes.positions + bytes.policy;
}

/** So many of some things, at equal distances, the first and the last among them. */
function spread<T>(all: readonly T[], count: number): T[] {
  const step = count > 1 ? (all.length - 1) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => all[Math.round(i * step)]!);
}
