import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AutoTokenizer, PreTrainedTokenizer } from '@huggingface/transformers';
import { checkNames, InvalidArgumentError, NammError } from '@namm/core';
import { loadChatPrompts, mendLibrary, readPretrainedFiles } from '@namm/decoder';
import { ggufPlace } from '@namm/hub';
import type { NammModelOptions } from './pretrained-options.js';
import { renderChats } from './render-chats.js';
import { resolveModelFolder } from './resolve-model-folder.js';

/** The options of `from_pretrained` that locate a tokenizer. */
export type NammTokenizerOptions = Pick<
  NammModelOptions,
  'progress_callback' | 'cache_dir' | 'local_files_only' | 'revision' | 'subfolder' | 'signal'
>;

const optionNames = [
  ...(['progress_callback', 'cache_dir', 'local_files_only', 'revision'] as const),
  ...(['subfolder', 'signal'] as const),
] satisfies readonly (keyof NammTokenizerOptions)[];

/**
 * Tokenizers of transformers.js for models that {@link NammModelForCausalLM} loads. For a GGUF file the tokenizer is
 * made from its metadata; all others come from `AutoTokenizer`. Their `apply_chat_template`, and so
 * `TextGenerationPipeline`, finds and renders templates as transformers does. The Jinja of transformers.js itself
 * prints values as JavaScript does and ignores `chat_template.jinja`.
 *
 * @example
 * ```ts
 * const model = await NammModelForCausalLM.from_pretrained('HuggingFaceTB/SmolLM2-135M-Instruct');
 * const tokenizer = await NammTokenizer.from_pretrained(model.folder);
 * const generator = new TextGenerationPipeline({ task: 'text-generation', model, tokenizer });
 * ```
 */
// biome-ignore lint/complexity/noStaticOnlyClass: classes of transformers.js are loaded so
export class NammTokenizer {
  /**
   * @param model as for `NammModelForCausalLM.from_pretrained`; to use the chat templates of a model on the hub, load
   *   the model first and pass its `folder`
   * @param options where to look, as in that function
   * @throws {InvalidArgumentError} for an option that does not exist
   * @throws {TokenizerError | FileFormatError | ModelFolderError} when the metadata do not contain a valid tokenizer
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
    const find = (localFilesOnly: boolean) =>
      resolveModelFolder(model, {
        ...{ subfolder, revision, signal, localFilesOnly },
        progressCallback: options.progress_callback ?? null,
        cacheFolder: options.cache_dir ?? null,
      });
    const isGguf = ggufPlace(model) !== null || /\.gguf$/i.test(model);
    const folder = isGguf
      ? await find(options.local_files_only ?? false)
      : await find(true).catch(async (error: unknown) => {
          if (!NammError.isInstance(error)) throw error;
          // A tokenizer needs no weights.
          const place = join(model, subfolder);
          const found = await stat(place).catch(() => null);
          return found?.isDirectory() ? place : null;
        });
    const files = folder === null ? null : await readPretrainedFiles(folder);
    if (files !== null) {
      const tokenizer = new PreTrainedTokenizer(files.tokenizer, files.tokenizerConfig);
      mendLibrary(tokenizer._tokenizer, files.tokenizer);
      return renderChats(tokenizer, await loadChatPrompts(files.path), model);
    }
    const { signal: _, ...others } = options;
    const tokenizer = await AutoTokenizer.from_pretrained(model, others);
    return renderChats(tokenizer, folder === null ? null : await loadChatPrompts(folder), model);
  }
}
