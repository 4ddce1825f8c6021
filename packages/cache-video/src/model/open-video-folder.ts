import {
  type ConfigReader,
  type DecoderSpec,
  type ModelFolder,
  type ModelSource,
  openModelFolder,
  readSpec,
} from '@namm/decoder';
import type { ImageProcessor } from '../images/image-processor.js';
import { readProcessorFiles } from '../images/read-processor.js';
import type { PromptLayout } from '../prompt/prompt-layout.js';
import type { Sampling } from '../sources/sample-frames.js';
import { idefics3, smolvlm } from './idefics3.js';
import { llavaNextVideo } from './llava-next-video.js';
import type { VideoFamily } from './video-family.js';
import type { VisionSpec } from './vision-spec.js';

/** A model folder for videos, opened; no weight is read yet. */
export interface VideoFolder {
  readonly folder: ModelFolder;
  /** The language model, with all weights of the folder. */
  readonly source: ModelSource;
  readonly vision: VisionSpec;
  readonly processor: ImageProcessor;
  readonly layout: PromptLayout;
  /** How the model wants frames chosen. */
  readonly sampling: Sampling;
}

const families: readonly VideoFamily[] = [llavaNextVideo, smolvlm, idefics3];

/**
 * Opens a model for videos.
 *
 * @param path folder with `config.json`, safetensors weights and processor files
 * @throws {ModelFolderError | FileFormatError} when a file is missing, damaged or not supported, or it is the folder of
 *   another kind of model
 */
export async function openVideoFolder(path: string): Promise<VideoFolder> {
  const folder = await openModelFolder(path);
  const { config, weights, digest } = folder;
  const type = config.text('model_type');
  const family = families.find(({ modelType }) => modelType === type);
  if (!family) {
    const known = families.map(({ modelType }) => modelType).join(', ');
    return config.fail(
      'model_type',
      `'${type}' is not a model for videos that is supported; supported are ${known}`,
    );
  }
  const hasWeight = (name: string) => weights.has(name);
  const spec = readTextSpec(config, family, hasWeight);
  const vision = family.vision(config, hasWeight, spec.hiddenSize);
  const files = await readProcessorFiles(path);
  return {
    folder,
    source: { name: path, spec, weights, digest },
    vision,
    processor: family.processor(files, vision, config),
    layout: family.layout(vision),
    sampling: family.sampling(files),
  };
}

/** The decoder within a model of several parts. */
function readTextSpec(
  config: ConfigReader,
  { textPrefixes, textDefaults }: VideoFamily,
  hasWeight: (name: string) => boolean,
): DecoderSpec {
  const own = config.optionalObject('text_config') ?? config.fail('text_config', 'is missing');
  const text = own.withDefaults({
    model_type: 'llama',
    ...textDefaults(own.text('model_type', 'llama')),
  });
  const prefix =
    textPrefixes.find((each) => hasWeight(`${each}embed_tokens.weight`)) ?? textPrefixes[0]!;
  const spec = readSpec(text, hasWeight, prefix);
  // The head stands in another place than its body says, and is tied to the embedding when it is not stored.
  const stored = ['lm_head.weight', 'language_model.lm_head.weight'].find(hasWeight);
  const weight = stored ?? spec.embedding!.weight;
  return { ...spec, head: { ...spec.head!, linear: { ...spec.head!.linear, weight } } };
}
