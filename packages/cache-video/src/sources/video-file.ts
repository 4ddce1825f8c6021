import { FrameSourceError } from '../errors.js';
import { FfmpegProcess } from './ffmpeg-process.js';
import { type Frame, mostPixels } from './frame.js';
import { FrameLines } from './frame-lines.js';
import { framePassing } from './frame-passing.js';
import {
  type FrameSource,
  factsOf,
  type ReadFramesOptions,
  type VideoFacts,
  wantedFrames,
} from './frame-source.js';

/**
 * The best video stream as it is: every frame once, at its own time, upright. With more than one thread the encoder of raw
 * frames hands them over when it likes: the pixels then may come before their line, and each side waits for the other.
 */
const asItIs = async () => [
  ...['-an', '-sn', '-dn', '-threads', '1', '-enc_time_base', '-1'],
  ...[await framePassing(), 'passthrough'],
];
/** Each line at once, not when a buffer is full. */
const linesTo = (pipe: string) => ['-flush_packets', '1', '-f', 'framecrc', pipe];

/** A video decoded by ffmpeg. Only one frame is in memory at a time; ffmpeg waits until the next one is requested. */
export class VideoFile implements FrameSource {
  readonly name: string;
  readonly kind = 'video';
  #facts: VideoFacts | null = null;
  /** Why ffmpeg came to an end before the video did, when it was looked through. */
  #end: string | null = null;

  /** @param path of the file */
  constructor(path: string) {
    this.name = path;
  }

  async facts(signal?: AbortSignal): Promise<VideoFacts> {
    if (this.#facts) return this.#facts;
    const timestamps: number[] = [];
    // Broken frames are reported when they are read; there the end is not reached where the last frame is not wanted.
    const ffmpeg = new FfmpegProcess(
      this.name,
      [...(await asItIs()), ...linesTo('pipe:3')],
      () => {},
      signal,
    );
    try {
      const lines = new FrameLines(ffmpeg.lines);
      for (let time = await lines.next(); time !== null; time = await lines.next()) {
        signal?.throwIfAborted();
        timestamps.push(time);
      }
      signal?.throwIfAborted();
      this.#end = await ffmpeg.finish(timestamps.length);
    } finally {
      await ffmpeg.close();
    }
    this.#facts = factsOf(timestamps);
    return this.#facts;
  }

  async *read(options: ReadFramesOptions = {}): AsyncGenerator<Frame, void> {
    const { signal, onProblem } = options;
    signal?.throwIfAborted();
    const { filter, isWanted } = selection(options);
    const choice = [...filter, ...(await asItIs())];
    // The line first: it says how large the frame is, which has to be taken before ffmpeg can go on.
    const outputs = [
      ...[...choice, ...linesTo('pipe:3')],
      ...[...choice, '-pix_fmt', 'rgb24', '-f', 'rawvideo', 'pipe:1'],
    ];
    let broken = 0;
    const onBroken = (message: string) => {
      broken++;
      onProblem?.({ message: `${this.name}: damaged (${broken} so far): ${message}` });
    };
    const ffmpeg = new FfmpegProcess(this.name, outputs, onBroken, signal);
    try {
      const lines = new FrameLines(ffmpeg.lines);
      const bytes = ffmpeg.frames[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      let rest: Uint8Array = new Uint8Array(0);
      let count = 0;
      while (true) {
        const timestamp = await lines.next();
        if (timestamp === null || !lines.size) break;
        const { width, height } = lines.size;
        if (width * height > mostPixels) {
          const problem = `its frames of ${width} × ${height} are too large; scale the video down first.`;
          throw new FrameSourceError(this.name, problem);
        }
        const rgb = new Uint8Array(width * height * 3);
        let filled = 0;
        while (filled < rgb.length) {
          if (rest.length === 0) {
            const { value, done } = await bytes.next();
            if (done) break;
            rest = value;
          }
          const part = rest.subarray(0, rgb.length - filled);
          rgb.set(part, filled);
          filled += part.length;
          rest = rest.subarray(part.length);
        }
        if (filled < rgb.length) break;
        if (!isWanted(count++, timestamp)) continue;
        yield { timestamp, width, height, rgb };
        signal?.throwIfAborted();
      }
      signal?.throwIfAborted();
      const own = await ffmpeg.finish(count);
      // Where all frames were looked through, their number is known; here only those that were asked for were counted.
      const end = this.#end ?? own;
      if (end !== null) onBroken(end);
    } catch (error) {
      signal?.throwIfAborted(); // what is read from it breaks off when it is stopped
      throw error;
    } finally {
      await ffmpeg.close();
    }
  }
}

/** On a condition of a hundred terms and more ffmpeg gives up, and says that memory is short. */
const mostTerms = 64;

/** Which frames ffmpeg passes, and which of these are wanted. */
interface Selection {
  readonly filter: readonly string[];
  /** By the number of the frame among those that are passed, and its time. */
  readonly isWanted: (passed: number, timestamp: number) => boolean;
}

function selection(options: ReadFramesOptions): Selection {
  const { indices, atMostPerSecond } = options;
  const select = (condition: string, count: number | null, isWanted: Selection['isWanted']) => ({
    filter: [
      ...['-vf', `select='${condition}'`],
      ...(count === null ? [] : ['-frames:v', String(count)]),
    ],
    isWanted,
  });
  if (indices && indices.length > mostTerms) {
    const [first, last] = [indices[0]!, indices.at(-1)!];
    const isWanted = wantedFrames(options);
    return select(`between(n,${first},${last})`, last - first + 1, (passed, timestamp) =>
      isWanted(first + passed, timestamp),
    );
  }
  const conditions: string[] = [];
  if (indices) conditions.push(indices.map((index) => `eq(n,${index})`).join('+') || '0');
  if (atMostPerSecond !== undefined) {
    const least = 1 / atMostPerSecond - 1e-3;
    conditions.push(`isnan(prev_selected_t)+gte(t-prev_selected_t,${least})`);
  }
  if (conditions.length === 0) return { filter: [], isWanted: () => true };
  const all = conditions.map((condition) => `(${condition})`).join('*');
  return select(all, indices?.length ?? null, () => true);
}
