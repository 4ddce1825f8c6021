/** A question about a video. */
export interface VideoQuestion {
  /** What it asks for; scores are averaged within a kind first. */
  readonly kind: string;
  /** Whether nothing was learned, evolved or calibrated on questions of this kind; tables show them apart. */
  readonly isHeldOut: boolean;
  readonly text: string;
  /** Most tokens that the answer may have. */
  readonly maxNewTokens: number;
  /** How right an answer is, from 0 to 1. */
  score(answer: string): number;
}

/** A video with its questions. */
export interface VideoTask<Frame> {
  /** Tells it from the others of a run. */
  readonly id: string;
  /** The frames to show; read once for all rows. */
  frames(signal?: AbortSignal): Iterable<Frame> | AsyncIterable<Frame>;
  readonly questions: readonly VideoQuestion[];
}
