import type { Frame } from './frame.js';

/** What is known of a video before its frames are read. */
export interface VideoFacts {
  /** Timestamps of all frames, in seconds, ascending. */
  readonly timestamps: readonly number[];
  /** Seconds from the first frame to the end of the last: frames are taken to last equally long. */
  readonly duration: number;
}

/** A frame that could not be read; the others are. */
export interface FrameProblem {
  readonly message: string;
}

export interface ReadFramesOptions {
  /**
   * Numbers of the frames wanted, from 0, ascending.
   * @defaultValue all
   */
  readonly indices?: readonly number[];
  /**
   * Passes over frames that come sooner than this after the last one read, in frames per second.
   * @defaultValue none is passed over
   */
  readonly atMostPerSecond?: number;
  /** Is told of frames that cannot be read; without it they are passed over in silence. */
  readonly onProblem?: (problem: FrameProblem) => void;
  /** Stops with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Where frames come from. One frame is in memory at a time: the next is read when it is asked for. */
export interface FrameSource {
  /** For messages: a path, mostly. */
  readonly name: string;
  /** Pictures that stand side by side, or frames that follow one another in time. */
  readonly kind: 'video' | 'images';
  /**
   * Looks through the video, which may mean to decode it.
   *
   * @returns null where that cannot be known before all frames are read
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
