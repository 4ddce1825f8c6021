import type { Frame } from './frame.js';

/** Facts about a video that are known before its frames are read. */
export interface VideoFacts {
  /** Timestamps of all frames, in seconds, ascending. */
  readonly timestamps: readonly number[];
  /** Seconds from the first frame to the end of the last, assuming that all frames last equally long. */
  readonly duration: number;
}

/** A frame that could not be read; the others are read. */
export interface FrameProblem {
  readonly message: string;
}

export interface ReadFramesOptions {
  /**
   * Numbers of the frames to read, from 0, ascending.
   * @defaultValue all
   */
  readonly indices?: readonly number[];
  /**
   * Limits the frame rate, in frames per second: skips frames that follow the last one read too closely.
   * @defaultValue none is skipped
   */
  readonly atMostPerSecond?: number;
  /** Called for frames that cannot be read; without it they are skipped silently. */
  readonly onProblem?: (problem: FrameProblem) => void;
  /** Stops with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A source of frames. Only one frame is in memory at a time; the next is read on demand. */
export interface FrameSource {
  /** Name for messages, usually a path. */
  readonly name: string;
  /** Separate images, or frames that follow one another in time. */
  readonly kind: 'video' | 'images';
  /**
   * Scans the video, which may require decoding it.
   *
   * @returns null if this is not known before all frames are read
   * @throws {FrameSourceError} when it cannot be read or holds no frame
   */
  facts(signal?: AbortSignal): Promise<VideoFacts | null>;
  /**
   * The frames, in order.
   *
   * @throws {FrameSourceError} when it cannot be read
   */
  read(options?: ReadFramesOptions): AsyncGenerator<Frame, void>;
}

/** The facts of frames with these timestamps. */
export function factsOf(timestamps: readonly number[]): VideoFacts {
  const [first = 0, last = 0] = [timestamps[0], timestamps.at(-1)];
  const { length } = timestamps;
  // Timestamps are rounded, often to milliseconds: four seconds must not become 3.9999.
  const whole = length > 1 ? ((last - first) / (length - 1)) * length : 0;
  const duration = Math.round(whole * 100) / 100;
  return { timestamps, duration };
}

/** Says of each frame whether it is wanted, by its number and time. */
export function wantedFrames({
  indices,
  atMostPerSecond = Number.POSITIVE_INFINITY,
}: ReadFramesOptions) {
  const wanted = indices && new Set(indices);
  let due = Number.NEGATIVE_INFINITY;
  return (index: number, timestamp: number): boolean => {
    if (wanted && !wanted.has(index)) return false;
    // A thousandth of slack, since timestamps are rounded.
    if (timestamp < due - 1e-3) return false;
    due = timestamp + 1 / atMostPerSecond;
    return true;
  };
}
