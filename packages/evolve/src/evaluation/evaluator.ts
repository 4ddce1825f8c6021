import type { NamedTensors } from '../named-tensors.js';

/**
 * Who is scored: the parameters of a candidate, or the name of a baseline of the problem.
 */
export type Entrant = Float64Array | string;

/** A piece of work: some contenders on some units. Plain data, which can be copied to threads and sent to queues. */
export interface Slice<Unit> {
  /** Tells pieces of work of a run apart, in letters, digits and dashes. The same work has the same id. */
  readonly id: string;
  /** What the problem measured before the first generation. */
  readonly prepared: NamedTensors;
  readonly units: readonly Unit[];
  readonly contenders: readonly Entrant[];
}

/** An evaluation that did not come to an end, also when it was tried again. */
export interface Failure {
  readonly failed: string;
}

/** `[units][contenders]` */
export type SliceScores<Score> = readonly (readonly (Score | Failure)[])[];

/**
 * Where evaluations happen: in this thread, in worker threads, behind a queue. A slice gives the same scores however
 * often it is evaluated, wherever, and in whatever order: a run that was killed asks again.
 */
export interface Evaluator<Unit, Score, Request = never> {
  /** Slices that are worked on at the same time. */
  readonly concurrency: number;
  /** Digest or name of all that scores depend on beside the slice: a run goes on only with the same. */
  readonly version: string;
  /** Measures what a problem wants to know before the first generation. */
  prepare(request: Request): Promise<NamedTensors>;
  /** Failures of single contenders are in the scores; what is thrown stops the run, which can go on later. */
  evaluate(slice: Slice<Unit>): Promise<SliceScores<Score>>;
  /** Ends threads and closes models. */
  close(): Promise<void>;
}

/** Whether an evaluation did not come to an end. */
export function isFailure(value: unknown): value is Failure {
  return (
    typeof value === 'object' &&
    value !== null &&
    'failed' in value &&
    typeof value.failed === 'string'
  );
}
