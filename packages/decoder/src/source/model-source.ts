import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { Weight } from './weight.js';

/**
 * A model from any source: a folder, a file, memory. Its spec must use the same weight names as `weights`.
 */
export interface ModelSource {
  /** Its source, such as the path of a folder, for messages. */
  readonly name: string;
  /** What the model is. */
  readonly spec: DecoderSpec;
  /** All its weights by name, including those that the spec does not use. */
  readonly weights: ReadonlyMap<string, Weight>;
  /**
   * A text unique to the model, such as a digest of configuration and weights; a model refuses caches made for another
   * one.
   */
  readonly digest: string;
}
