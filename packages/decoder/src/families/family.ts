import type { ConfigReader } from '../source/config-reader.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';

/** One model family: how its configuration turns into a spec. */
export interface Family {
  /** `model_type` in config.json. */
  readonly modelType: string;
  /** What may stand before the names of its tensors; `model.` when absent. */
  readonly prefixes?: readonly string[];
  /** The embedding's name after the prefix: tells which prefix a file uses. */
  readonly embedding?: string;
  read(config: ConfigReader, prefix: string): DecoderSpec;
}
