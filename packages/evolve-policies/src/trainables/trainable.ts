import type { EvictionPolicy } from '@namm/kv-cache';
import type { NammCheckpoint } from '@namm/namm';

/** A family of eviction policies, parameterised by a flat list of numbers, that can be evolved. */
export interface Trainable {
  readonly name: string;
  /** Numbers per policy. */
  readonly dimension: number;
  /** The start of an evolution: a policy that keeps everything. */
  start(): Float64Array;
  /**
   * The policy of some parameters.
   *
   * @throws {InvalidArgumentError} unless they are `dimension` finite numbers
   */
  policy(parameters: Float64Array): EvictionPolicy;
  /** Keeps everything, and remembers what the policies do, so that each can take over from it. */
  reader(): EvictionPolicy;
  /**
   * Parameters that give scores larger by `shift`, so that more is kept.
   *
   * @throws {InvalidArgumentError} when no parameter does that
   */
  shifted(parameters: Float64Array, shift: number): Float64Array;
  /** The checkpoint to publish; null if there is no file format for it. */
  checkpoint(
    parameters: Float64Array,
    provenance: Readonly<Record<string, unknown>>,
  ): NammCheckpoint | null;
}
