/** How far a long job has come. */
export interface ProgressEvent {
  /** What is being done, for example `weights` or `prefill`. */
  readonly stage: string;
  /** Units done so far: bytes, tokens … as the stage says. */
  readonly done: number;
  readonly total: number;
}

/** Told about progress; called often, so it should return quickly. */
export type ProgressListener = (event: ProgressEvent) => void;

/** Where a library says what is not an error but should not go unseen. `console` is one. */
export interface Logger {
  warn(message: string): void;
}
