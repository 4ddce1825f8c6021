import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { Weight } from './weight.js';

/**
 * A model from wherever it comes: a folder, one file, memory. Whoever makes one names the weights in its spec
 * as they are named here.
 */
export interface ModelSource {
  /** Where it comes from, such as the path of a folder, for messages. */
  readonly name: string;
  /** What the model is. */
  readonly spec: DecoderSpec;
  /** All its weights by name, those that the spec does not use included. */
  readonly weights: ReadonlyMap<string, Weight>;
  /**
   * A text that no other model has, such as a digest of configuration and weights: caches are refused by models
   * that they were not made for.
   */
  readonly digest: string;
}
