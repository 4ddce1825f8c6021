/** A question about a video. */
export interface VideoQuestion {
  /** What it asks for; scores are averaged within a kind first. */
  readonly kind: string;
  /**
   * Whether questions of this kind were not used for learning, evolution or calibration; tables show them separately.
   */
  readonly isHeldOut: boolean;
  readonly text: string;
  /** Most tokens that the answer may have. */
  readonly maxNewTokens: number;
  /** Scores an answer, from 0 to 1. */
  score(answer: string): number;
}

/** A video with its questions. */
export interface VideoTask<Frame> {
  /** Unique within a run. */
  readonly id: string;
  /** The frames to show; read once for all rows. */
  frames(signal?: AbortSignal): Iterable<Frame> | AsyncIterable<Frame>;
  readonly questions: readonly VideoQuestion[];
}
