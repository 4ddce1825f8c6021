import type { PretrainedConfig } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { Decoder, DecoderWorker, readChatTemplates, readPretrainedFiles } from '@namm/decoder';
import {
  checkPretrainedOptions,
  type NammModelOptions,
  type NammWorkerOptions,
} from './pretrained-options.js';
import { readConfig, readGenerationConfig } from './read-model-files.js';
import { resolveModelFolder } from './resolve-model-folder.js';
import type { AnyDecoder, PolicyOf } from './sequence-model.js';

/** What a model is made of, beside its configuration. */
export interface ModelParts<Engine extends AnyDecoder> {
  readonly decoder: Engine;
  readonly folder: string;
  readonly chatTemplate: string | null;
  readonly policy: PolicyOf<Engine> | undefined;
}

/** What the constructor of a model of transformers.js takes, and ours. */
export interface LoadedModel {
  readonly config: PretrainedConfig;
  readonly sessions: Record<string, unknown>;
  readonly configs: Record<string, object>;
  readonly parts: ModelParts<AnyDecoder>;
}

/**
 * Finds a model, fetches it where it has to, and loads it.
 *
 * @param model a path (absolute, or beginning with `./`), the id of a model with safetensors weights, or a GGUF file
 * @param options as `from_pretrained` takes them
 * @throws what `from_pretrained` throws
 */
export async function loadPretrained(
  model: string,
  options: NammModelOptions | NammWorkerOptions,
): Promise<LoadedModel> {
  if (typeof model !== 'string' || model === '') {
    throw new InvalidArgumentError(
      'model',
      'is neither the id of a model nor the path of a folder',
    );
  }
  const { policy, decoder: decoderOptions, ...places } = checkPretrainedOptions(options);
  const folder = await resolveModelFolder(model, {
    ...places,
    progressCallback: options.progress_callback ?? null,
    cacheFolder: options.cache_dir ?? null,
    localFilesOnly: options.local_files_only ?? false,
    signal: options.signal,
  });
  const gguf = await readPretrainedFiles(folder);
  const config = await readConfig(folder, options.config, gguf?.config);
  const generation_config = gguf?.generationConfig ?? (await readGenerationConfig(folder, config));
  const chatTemplate = gguf
    ? defaultTemplate(gguf.tokenizerConfig)
    : ((await readChatTemplates(folder)).get('default')?.source ?? null);
  const decoder = await (options.worker
    ? DecoderWorker.load(folder, decoderOptions)
    : Decoder.load(folder, decoderOptions));
  options.progress_callback?.({ status: 'ready', task: 'text-generation', model });
  // transformers.js asks a session for its inputs, and to be released; nothing else.
  const session = {
    inputNames: ['input_ids', 'attention_mask', 'num_logits_to_keep'],
    inputMetadata: [],
    release: () => decoder.release(),
  };
  return {
    config,
    sessions: { model: session },
    configs: generation_config ? { generation_config } : {},
    parts: { decoder, folder, chatTemplate, policy },
  };
}

function defaultTemplate({ chat_template: given }: Readonly<Record<string, unknown>>) {
  if (typeof given === 'string') return given;
  const all = (given ?? []) as readonly { readonly name: string; readonly template: string }[];
  return all.find(({ name }) => name === 'default')?.template ?? null;
}
