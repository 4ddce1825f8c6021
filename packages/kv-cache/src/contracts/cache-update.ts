import type { Observation } from './probe.js';

/** The rows that one forward pass adds to one layer. */
export interface LayerRows {
  /** Keys after RoPE, `[keyValueHeads, count, headSize]`. */
  readonly keys: Float32Array;
  /** Values, `[keyValueHeads, count, headSize]`. */
  readonly values: Float32Array;
}

/** What one forward pass gives to a cache. */
export interface CacheUpdate {
  /** Tokens of the pass; in the sequence they are `nextPosition … nextPosition + count − 1`. */
  readonly count: number;
  /** New rows, one entry per layer. */
  readonly rows: readonly LayerRows[];
  /** New arrays of layers without rows, one for each of the shape's `states`, if it has any. */
  readonly states?: readonly Float32Array[];
  /**
   * One observation per layer, or an empty list when the policy's probe is `none`; where it is `several`, one for each
   * of them, layer by layer.
   */
  readonly observations: readonly Observation[];
  /** Positions given to the model, `[count, axes]`, if the shape has `positionAxes`; otherwise omitted. */
  readonly positions?: Int32Array;
  /**
   * Whether more of the same input follows: a cache that decides after a prompt waits for its end.
   * @defaultValue false
   */
  readonly moreFollows?: boolean;
}
