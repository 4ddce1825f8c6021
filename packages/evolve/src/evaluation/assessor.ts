import type { NamedTensors } from '../named-tensors.js';
import type { Slice } from './evaluator.js';

/**
 * The computing side of a problem: it holds the model or simulator, and runs where evaluations happen. An evaluator
 * takes care of failures and threads.
 */
export interface Assessor<Unit, Score, Request = never> {
  /** Digest or name of everything besides the slice that scores depend on. */
  readonly version: string;
  /** Measures what the problem needs before the first generation, if anything. */
  prepare?(request: Request): Promise<NamedTensors>;
  /**
   * Scores all contenders on all units, `[units][contenders]`. It may throw: each contender is then tried once more
   * alone, so that one faulty contender does not fail the others.
   */
  assess(slice: Slice<Unit>): Promise<readonly (readonly Score[])[]>;
  close?(): Promise<void>;
}
