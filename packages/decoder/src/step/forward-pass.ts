import type { KVCache, Observation } from '@namm/kv-cache';
import type { Chunk } from './read-chunks.js';
import type { PassOutputs } from './read-outputs.js';

/** What one sequence takes part in a pass with. */
export interface Part {
  readonly cache: KVCache;
  /** Its new tokens. */
  readonly chunk: Chunk;
  /** Whether more of its input follows. */
  readonly moreFollows: boolean;
  /** Those whose logits are wanted. */
  readonly outputRows: Int32Array;
  /**
   * Positions of the sequence when all chunks of the input are read: RoPE scalings that depend on the length take
   * this one, so that the answer does not depend on the size of the chunks.
   */
  readonly sequenceLength: number;
}

/** What a pass computed for one sequence; its cache is unchanged. */
export interface PartOutputs extends PassOutputs {
  /** What its policy asks for: one per layer, or none. */
  readonly observations: readonly Observation[];
  /** Holds the new rows and nothing else, so that it can be freed when a cache has them; left out where it holds more. */
  readonly rowMemory?: Float32Array;
}

/** Computes the new tokens of sequences; it holds the weights. */
export interface ForwardPass {
  /** Whether sequences of one pass share the linear layers; otherwise a pass takes one part. */
  readonly takesMany: boolean;
  /** @throws {RuntimeFailure} when the runtime fails */
  run(parts: readonly Part[]): Promise<PartOutputs[]>;
  release(): Promise<void>;
}
