import { peakMegabytes } from '../measuring/peak-megabytes.js';
import { startStopwatch } from '../measuring/stopwatch.js';
import { randomNumbers } from '../random-model/random-numbers.js';
import { ourVideoRuntime, peerVideoRuntime, placeholder } from './video-runtime.js';

/** Name of the hidden command that a child process runs. */
export const measureVideoName = 'measure-video';

/** `ours-quarter` holds a quarter of the tokens while it writes, which is not the same computation. */
export const videoContenders = ['ours', 'ours-quarter', 'transformers.js'] as const;

export type VideoContender = (typeof videoContenders)[number];

export interface VideoRequest {
  readonly contender: VideoContender;
  readonly folder: string;
  /** Frames that are looked at and read. */
  readonly frames: number;
  /** Frames in the cache while tokens are written. */
  readonly later: number;
  readonly decodeTokens: number;
  readonly threads: number;
  readonly seed: number;
}

/** Seconds, of CPU time with one thread and of wall time with more, and what was computed. */
export interface VideoMeasured {
  readonly vision: number;
  readonly prompt: number;
  /** Per token. */
  readonly decode: number;
  readonly peakMegabytes: number;
  /** Cores that other processes used. */
  readonly otherCores: number;
  /** Rows of the first frame, and logits of the prompt. */
  readonly rows: readonly number[];
  readonly logits: readonly number[];
}

const size = 512;
const rowsPerFrame = 64;

/** Loads a model and measures it in this process. */
export async function measureVideo(request: VideoRequest): Promise<VideoMeasured> {
  const { contender, folder, frames, later, decodeTokens, threads, seed } = request;
  const load = contender === 'transformers.js' ? peerVideoRuntime : ourVideoRuntime;
  const runtime = await load(folder, threads);
  const shown = Array.from({ length: frames }, (_, i) =>
    randomNumbers(3 * size * size, 0.5, seed * 1000 + i),
  );
  // So that code is compiled and weights are in memory.
  const [first] = await runtime.encode(shown.slice(0, 1));
  await runtime.read(promptIds(1), [first!], null);
  const clock = threads === 1 ? 'cpu' : 'wall';
  const whole = startStopwatch();
  const looking = startStopwatch();
  const blocks = await runtime.encode(shown);
  const vision = looking()[clock];
  const reading = startStopwatch();
  const logits = await runtime.read(promptIds(frames), blocks, null);
  const prompt = reading()[clock];
  const ids = promptIds(later);
  const keep = contender === 'ours-quarter' ? Math.ceil(ids.length / 4) : null;
  const repeated = Array.from({ length: later }, (_, i) => blocks[i % frames]!);
  let next = await runtime.read(ids, repeated, keep);
  const writing = startStopwatch();
  for (let i = 0; i < decodeTokens; i++) next = await runtime.next(next.indexOf(Math.max(...next)));
  const decode = writing()[clock] / decodeTokens;
  const { others, wall } = whole();
  return {
    ...{ vision, prompt, decode, peakMegabytes: peakMegabytes(), otherCores: others / wall },
    ...{ rows: [...blocks[0]!], logits: [...logits] },
  };
}

/** A few words before each frame, and a question behind the last. */
function promptIds(frames: number): number[] {
  const words = (count: number) => Array.from({ length: count }, (_, i) => (7 * i + 65) % 256);
  const frame = [...words(8), ...Array<number>(rowsPerFrame).fill(placeholder)];
  return [...Array.from({ length: frames }, () => frame).flat(), ...words(16)];
}
