import type { NamedTensors } from '../named-tensors.js';

/**
 * What is scored: the parameters of a candidate, or the name of one of the problem's baselines.
 */
export type Entrant = Float64Array | string;

/** A piece of work: some contenders on some units. Plain data, which can be copied to threads and sent to queues. */
export interface Slice<Unit> {
  /** Identifies a piece of work within a run, in letters, digits and dashes. The same work has the same id. */
  readonly id: string;
  /** What the problem measured before the first generation. */
  readonly prepared: NamedTensors;
  readonly units: readonly Unit[];
  readonly contenders: readonly Entrant[];
}

/** An evaluation that failed, and failed again when retried. */
export interface Failure {
  readonly failed: string;
}

/** `[units][contenders]` */
export type SliceScores<Score> = readonly (readonly (Score | Failure)[])[];

/**
 * Runs evaluations: in this thread, in worker threads, behind a queue. A slice must give the same scores however often,
 * wherever and in whatever order it is evaluated, because a run that was killed asks again.
 */
export interface Evaluator<Unit, Score, Request = never> {
  /** Slices evaluated at the same time. */
  readonly concurrency: number;
  /** Digest or name of everything besides the slice that scores depend on; a run continues only with the same one. */
  readonly version: string;
  /** Measures what a problem needs before the first generation. */
  prepare(request: Request): Promise<NamedTensors>;
  /** Failures of single contenders are in the scores. A thrown error stops the run, which can be continued later. */
  evaluate(slice: Slice<Unit>): Promise<SliceScores<Score>>;
  /** Ends threads and closes models. */
  close(): Promise<void>;
}

/** Whether an evaluation failed. */
export function isFailure(value: unknown): value is Failure {
  return (
    typeof value === 'object' &&
    value !== null &&
    'failed' in value &&
    typeof value.failed === 'string'
  );
}
