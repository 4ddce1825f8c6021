import type { EvictionPolicy } from '@namm/kv-cache';
import type { NammCheckpoint } from '@namm/namm';

/** A family of eviction policies over a flat list of numbers: what can be evolved. */
export interface Trainable {
  readonly name: string;
  /** Numbers per policy. */
  readonly dimension: number;
  /** Where an evolution begins: a policy that keeps everything. */
  start(): Float64Array;
  /**
   * The policy of some parameters.
   *
   * @throws {InvalidArgumentError} when they are not `dimension` finite numbers
   */
  policy(parameters: Float64Array): EvictionPolicy;
  /**
   * Parameters whose scores are all larger by `shift`, so that more is kept.
   *
   * @throws {InvalidArgumentError} when no parameter does that
   */
  shifted(parameters: Float64Array, shift: number): Float64Array;
  /** What to publish, where there is a file format for it: null where there is none. */
  checkpoint(
    parameters: Float64Array,
    provenance: Readonly<Record<string, unknown>>,
  ): NammCheckpoint | null;
}
