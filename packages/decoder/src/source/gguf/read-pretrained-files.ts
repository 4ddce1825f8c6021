import { openGguf } from '@namm/tensors';
import { ggufTokenizer } from '../../text/gguf/gguf-tokenizer.js';
import { respell } from '../../text/respell-tokenizer.js';
import { ggufArchitecture } from './gguf-architecture.js';
import { ggufAt } from './gguf-at.js';
import { ggufConfig } from './gguf-config.js';

type Json = Readonly<Record<string, unknown>>;

/** The files next to the weights in a Hugging Face folder, reconstructed for a GGUF file. */
export interface PretrainedFiles {
  /** The GGUF file. */
  readonly path: string;
  /** `config.json` */
  readonly config: Json;
  /** `tokenizer.json`, spelled as `@huggingface/tokenizers` reads it. */
  readonly tokenizer: Json;
  /** `tokenizer_config.json`, with the chat templates. */
  readonly tokenizerConfig: Json;
  /** `generation_config.json` */
  readonly generationConfig: Json;
}

/**
 * Reads from the metadata of a GGUF file what the files of a Hugging Face folder say about a model.
 *
 * @param path a GGUF file, of a split model the first, or a folder that holds one
 * @returns null when the path is not a GGUF file
 * @throws {ModelFolderError | FileFormatError} naming the key that is missing, wrong or not supported
 * @throws {TokenizerError} when the tokenizer cannot be made
 */
export async function readPretrainedFiles(path: string): Promise<PretrainedFiles | null> {
  const found = await ggufAt(path);
  if (found === null) return null;
  const file = await openGguf(found);
  const { architecture, name } = ggufArchitecture(file);
  const { parts, generation } = await ggufTokenizer(found);
  const { named } = parts.specialTokens;
  const ids: Record<string, unknown> = { eos_token_id: [...generation().endIds] };
  for (const [key, gguf] of [
    ['bos_token_id', 'bos'],
    ['pad_token_id', 'padding'],
  ] as const) {
    const id = file.value(`tokenizer.ggml.${gguf}_token_id`, 'number');
    if (id !== undefined) ids[key] = id;
  }
  const templates = Array.from(parts.chatTemplates, ([name, { source }]) => ({
    name,
    template: source,
  }));
  const [first] = templates;
  return {
    path: found,
    config: { ...(await ggufConfig(file, architecture, name)), ...ids },
    tokenizer: respell(parts.json) as Json,
    tokenizerConfig: {
      ...{ ...parts.config, ...named, tokenizer_class: 'PreTrainedTokenizer' },
      ...(first && { chat_template: templates.length === 1 ? first.template : templates }),
    },
    generationConfig: ids,
  };
}
