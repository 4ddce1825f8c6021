import type { ConfigReader } from '../source/config-reader.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';

/** One model family: how its configuration turns into a spec. */
export interface Family {
  /** `model_type` in config.json. */
  readonly modelType: string;
  /** What may stand before the names of its tensors; `model.` when absent. */
  readonly prefixes?: readonly string[];
  /** The last norm's name after the prefix, which tells the prefix of a file; `norm.weight` when absent. */
  readonly finalNorm?: string;
  /** @param prefix what stands before the names of its weights */
  read(config: ConfigReader, prefix: string): DecoderSpec;
}
