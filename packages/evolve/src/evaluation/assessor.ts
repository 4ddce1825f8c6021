import type { NamedTensors } from '../named-tensors.js';
import type { Slice } from './evaluator.js';

/**
 * The side of a problem that computes: it holds the model, or the simulator, and lives where evaluations happen. An
 * evaluator looks after failures and threads.
 */
export interface Assessor<Unit, Score, Request = never> {
  /** Digest or name of all that scores depend on beside the slice. */
  readonly version: string;
  /** Measures what the problem wants to know before the first generation, if it does. */
  prepare?(request: Request): Promise<NamedTensors>;
  /**
   * Scores all contenders on all units, `[units][contenders]`. It may throw: each contender is then tried once more
   * by itself, so that one which is at fault does not take the others along.
   */
  assess(slice: Slice<Unit>): Promise<readonly (readonly Score[])[]>;
  close?(): Promise<void>;
}
