import { join } from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { InvalidArgumentError } from '@namm/core';
import { type ChatMessage, type ChatTemplate, readChatTemplate } from './chat-template.js';
import { checkTokenizer } from './check-tokenizer.js';
import { readJsonObject } from './read-json-object.js';
import { TextStream } from './text-stream.js';
import { TokenizerError } from './tokenizer-error.js';

export type { ChatMessage } from './chat-template.js';
export { TextStream } from './text-stream.js';
export { TokenizerError } from './tokenizer-error.js';

/** How a conversation becomes a prompt. */
export interface ChatTemplateOptions {
  /** Whether the prompt ends with the beginning of the assistant's answer. @defaultValue false */
  readonly addGenerationPrompt?: boolean;
  /** Further variables of the template, such as `tools` or `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Special tokens that `tokenizer_config.json` names and templates use. */
const specialNames = ['bos_token', 'eos_token', 'pad_token', 'unk_token'] as const;
type SpecialTokens = Partial<Record<(typeof specialNames)[number], string>>;

/** Configurations name a token by its text, or by an object that holds it. */
function textOf(value: unknown): string | undefined {
  const text = (value as { content?: unknown } | null | undefined)?.content ?? value;
  return typeof text === 'string' ? text : undefined;
}

function specialTokensOf(config: Readonly<Record<string, unknown>>): SpecialTokens {
  const tokens: SpecialTokens = {};
  for (const name of specialNames) {
    const text = textOf(config[name]);
    if (text !== undefined) tokens[name] = text;
  }
  return tokens;
}

/** The text-to-ids side of a model folder; made by {@link loadTokenizer}. */
export class Tokenizer {
  /** The `tokenizer.json` it was read from. */
  readonly file: string;
  /** One more than the highest id. */
  readonly vocabularySize: number;
  /** Id of the beginning-of-sequence token, null when there is none. */
  readonly bosId: number | null;
  /** Id of the end-of-sequence token, null when there is none. */
  readonly eosId: number | null;
  /** Id of the padding token, null when there is none. */
  readonly padId: number | null;
  readonly #library: Library;
  readonly #chatTemplate: ChatTemplate | null;
  readonly #specialTokens: SpecialTokens;
  readonly #specialIds: ReadonlySet<number>;
  readonly #tidiesSpaces: boolean;

  constructor(
    file: string,
    json: Readonly<Record<string, unknown>>,
    config: Readonly<Record<string, unknown>>,
    chatTemplate: ChatTemplate | null,
  ) {
    this.file = file;
    try {
      this.#library = new Library(json, config);
    } catch (cause) {
      throw new TokenizerError(file, `cannot be used: ${String(cause)}`, { cause });
    }
    this.#chatTemplate = chatTemplate;
    this.#specialTokens = specialTokensOf(config);
    this.#specialIds = this.#findSpecialIds(config);
    this.vocabularySize = this.#library.model!.vocab.length;
    this.bosId = this.#idOf(this.#specialTokens.bos_token);
    this.eosId = this.#idOf(this.#specialTokens.eos_token);
    this.padId = this.#idOf(this.#specialTokens.pad_token);
    // Off unless asked for, as in transformers 5; the library would take a missing entry for true.
    this.#tidiesSpaces = config.clean_up_tokenization_spaces === true;
  }

  /**
   * The ids of a text.
   *
   * @param options.addSpecialTokens whether to add what the model expects around a text, such as a
   * beginning-of-sequence token (default true); false for text from a chat template, which has it
   * @throws {InvalidArgumentError} when it is no text
   */
  encode(text: string, options: { readonly addSpecialTokens?: boolean } = {}): number[] {
    if (typeof text !== 'string')
      throw new InvalidArgumentError('text', `${typeof text} is no text`);
    const { ids, tokens } = this.#library.encode(text, {
      add_special_tokens: options.addSpecialTokens ?? true,
    });
    const unknown = ids.findIndex((id: number) => !Number.isInteger(id));
    if (unknown === -1) return ids;
    const token = JSON.stringify(tokens[unknown]);
    throw new TokenizerError(
      this.file,
      `${token} has no id, and there is no token for unknown text`,
    );
  }

  /**
   * The text of ids. Ids that no token has are left out, as the reference does: models often have more
   * rows than their tokenizer has tokens.
   *
   * @param options.skipSpecialTokens whether to leave special tokens out (default false)
   * @throws {InvalidArgumentError} for an id that is no non-negative integer
   */
  decode(ids: Iterable<number>, options: { readonly skipSpecialTokens?: boolean } = {}): string {
    const skip = options.skipSpecialTokens ?? false;
    const heard = Array.from(ids).filter((id) => !this.#isSilent(id, skip));
    if (heard.length === 0) return '';
    return this.#library.decode(heard, {
      skip_special_tokens: false, // left out above, by id
      clean_up_tokenization_spaces: this.#tidiesSpaces,
    });
  }

  /** The tokens of a text as they stand in the vocabulary, without special ones around it. */
  tokens(text: string): string[] {
    return this.#library.tokenize(text);
  }

  /** The token of an id as it stands in the vocabulary, or null. */
  tokenOf(id: number): string | null {
    return this.#library.id_to_token(id) ?? null;
  }

  /** The id of a token as it stands in the vocabulary, or null. */
  idOf(token: string): number | null {
    return this.#idOf(token);
  }

  /** Turns ids into text one by one. @param options as in {@link decode}, but skipping by default */
  stream(options: { readonly skipSpecialTokens?: boolean } = {}): TextStream {
    const skip = options.skipSpecialTokens ?? true;
    return new TextStream({
      decode: (ids) => this.decode(ids),
      isSilent: (id) => this.#isSilent(id, skip),
      tidiesSpaces: this.#tidiesSpaces,
    });
  }

  /** Whether the folder has a chat template. */
  get hasChatTemplate(): boolean {
    return this.#chatTemplate !== null;
  }

  /**
   * The prompt for a conversation, from the folder's chat template. It holds its special tokens as
   * text: encode it with `addSpecialTokens: false`.
   *
   * @throws {TokenizerError} when there is no template, or the template refuses the conversation
   */
  applyChatTemplate(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string {
    if (!this.#chatTemplate) {
      throw new TokenizerError(this.file, 'has no chat template beside it; use plain text prompts');
    }
    const { template, file } = this.#chatTemplate;
    try {
      return template.render({
        ...this.#specialTokens,
        messages,
        add_generation_prompt: options.addGenerationPrompt ?? false,
        ...options.variables,
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TokenizerError(file, `the chat template refuses: ${reason}`, { cause });
    }
  }

  /** Tokens marked as special in either file. */
  #findSpecialIds(config: Readonly<Record<string, unknown>>): Set<number> {
    const ids = new Set<number>();
    for (const [id, token] of this.#library.get_added_tokens_decoder()) {
      if (token.special) ids.add(id);
    }
    const additional = config.additional_special_tokens;
    const named = Array.isArray(additional) ? additional.map(textOf) : [];
    for (const text of [...Object.values(this.#specialTokens), ...named]) {
      const id = this.#idOf(text);
      if (id !== null) ids.add(id);
    }
    return ids;
  }

  #idOf(token: string | undefined): number | null {
    return token === undefined ? null : (this.#library.token_to_id(token) ?? null);
  }

  #isSilent(id: number, skipSpecialTokens: boolean): boolean {
    if (!Number.isSafeInteger(id) || id < 0) {
      throw new InvalidArgumentError('ids', `${id} is no non-negative integer`);
    }
    return this.tokenOf(id) === null || (skipSpecialTokens && this.#specialIds.has(id));
  }
}

/**
 * Loads the tokenizer of a Hugging Face model folder: `tokenizer.json`, and when they are there
 * `tokenizer_config.json` and a chat template.
 *
 * @throws {TokenizerError} when `tokenizer.json` is missing, or a file is damaged or not supported
 *
 * @example
 * ```ts
 * const tokenizer = await loadTokenizer('model');
 * const ids = tokenizer.encode('Hello, world!');
 * tokenizer.decode(ids, { skipSpecialTokens: true }); // 'Hello, world!'
 * ```
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const file = join(folder, 'tokenizer.json');
  const json = await readJsonObject(file);
  if (!json)
    throw new TokenizerError(file, 'does not exist; a folder with tokenizer.json is needed');
  const config = (await readJsonObject(join(folder, 'tokenizer_config.json'))) ?? {};
  const chatTemplate = await readChatTemplate(folder, config);
  return new Tokenizer(file, checkTokenizer(json, file), config, chatTemplate);
}
