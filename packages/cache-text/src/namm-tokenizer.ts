import { AutoTokenizer, PreTrainedTokenizer } from '@huggingface/transformers';
import { checkNames, InvalidArgumentError } from '@namm/core';
import { mendLibrary, readPretrainedFiles } from '@namm/decoder';
import { ggufPlace } from '@namm/hub';
import type { NammModelOptions } from './pretrained-options.js';
import { resolveModelFolder } from './resolve-model-folder.js';

/** Those of `from_pretrained` that say where a tokenizer is. */
export type NammTokenizerOptions = Pick<
  NammModelOptions,
  'progress_callback' | 'cache_dir' | 'local_files_only' | 'revision' | 'subfolder' | 'signal'
>;

const optionNames = [
  ...(['progress_callback', 'cache_dir', 'local_files_only', 'revision'] as const),
  ...(['subfolder', 'signal'] as const),
] satisfies readonly (keyof NammTokenizerOptions)[];

/**
 * Tokenizers of transformers.js for models that {@link NammModelForCausalLM} loads: that of a GGUF file is made from
 * its metadata, all others are those of `AutoTokenizer`.
 *
 * @example
 * ```ts
 * const tokenizer = await NammTokenizer.from_pretrained('./SmolLM2-135M-Instruct.Q4_1.gguf');
 * const inputs = tokenizer('Once upon a time');
 * ```
 */
// biome-ignore lint/complexity/noStaticOnlyClass: classes of transformers.js are loaded so
export class NammTokenizer {
  /**
   * @param model as for `NammModelForCausalLM.from_pretrained`
   * @param options where to look, as there
   * @throws {InvalidArgumentError} for an option that does not exist
   * @throws {TokenizerError | FileFormatError | ModelFolderError} when the metadata make no tokenizer
   * @throws what `resolveModel` of `@namm/hub` throws, or `AutoTokenizer`
   */
  static async from_pretrained(
    model: string,
    options: NammTokenizerOptions = {},
  ): Promise<PreTrainedTokenizer> {
    checkNames('from_pretrained', options, optionNames);
    if (typeof model !== 'string' || model === '') {
      throw new InvalidArgumentError('model', 'is neither the id of a model nor a path');
    }
    const { subfolder = '', revision = 'main', signal } = options;
    const path =
      ggufPlace(model) || /\.gguf$/i.test(model)
        ? await resolveModelFolder(model, {
            ...{ subfolder, revision, signal },
            progressCallback: options.progress_callback ?? null,
            cacheFolder: options.cache_dir ?? null,
            localFilesOnly: options.local_files_only ?? false,
          })
        : model;
    const files = await readPretrainedFiles(path);
    if (files === null) {
      const { signal: _, ...others } = options;
      return AutoTokenizer.from_pretrained(model, others);
    }
    const tokenizer = new PreTrainedTokenizer(files.tokenizer, files.tokenizerConfig);
    mendLibrary(tokenizer._tokenizer as never, files.tokenizer);
    return tokenizer;
  }
}
