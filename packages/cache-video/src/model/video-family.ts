import type { ConfigReader } from '@namm/decoder';
import type { ImageProcessor } from '../images/image-processor.js';
import type { ProcessorFiles } from '../images/read-processor.js';
import type { PromptLayout } from '../prompt/prompt-layout.js';
import type { Sampling } from '../sources/sample-frames.js';
import type { VisionSpec } from './vision-spec.js';

/** One family of models for videos: how its files turn into data. */
export interface VideoFamily {
  /** `model_type` in config.json. */
  readonly modelType: string;
  /** What may stand before the names of the decoder's tensors. */
  readonly textPrefixes: readonly string[];
  /** What `text_config` leaves out, by its `model_type`. */
  textDefaults(modelType: string): Readonly<Record<string, unknown>>;
  vision(
    config: ConfigReader,
    hasWeight: (name: string) => boolean,
    outputSize: number,
  ): VisionSpec;
  /** @param config of the model */
  processor(files: ProcessorFiles, vision: VisionSpec, config: ConfigReader): ImageProcessor;
  layout(vision: VisionSpec): PromptLayout;
  sampling(files: ProcessorFiles): Sampling;
}

/** What transformers assumes of a Llama whose configuration is silent. */
export const llamaDefaults = {
  vocab_size: 32_000,
  hidden_size: 4096,
  intermediate_size: 11_008,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  rms_norm_eps: 1e-6,
} as const;
