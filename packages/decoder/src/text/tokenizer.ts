import { join } from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { checkNames, InvalidArgumentError } from '@namm/core';

import { ggufAt } from '../source/gguf/gguf-at.js';
import { addSpecialTokens } from './add-special-tokens.js';
import { byteLevelBytes } from './byte-level.js';
import { ChatPrompts, type ChatTemplateOptions, checkChatOptions } from './chat-prompts.js';
import type { ChatMessage } from './chat-template.js';
import { readChatTemplates } from './chat-templates.js';
import { checkTokenizer } from './check-tokenizer.js';
import { type GenerationSettings, readGenerationSettings } from './generation-settings.js';
import { ggufTokenizer } from './gguf/gguf-tokenizer.js';
import { mendLibrary } from './mend/mend-library.js';
import { readJsonObject } from './read-json-object.js';
import { respell } from './respell-tokenizer.js';
import { readSpecialTokens, type SpecialTokens } from './special-tokens.js';
import { TextStream } from './text-stream.js';
import { tidySpaces } from './tidy-spaces.js';
import { TokenizerError } from './tokenizer-error.js';
import type { TokenizerParts } from './tokenizer-parts.js';

/** The text-to-ids side of a model folder; made by {@link loadTokenizer}. */
export class Tokenizer {
  /** The `tokenizer.json` that it was read from. */
  readonly file: string;
  /** One more than the highest id. */
  readonly vocabularySize: number;
  /** Id of the beginning-of-sequence token, null when there is none. */
  readonly bosId: number | null;
  /** Id of the end-of-sequence token, null when there is none. */
  readonly eosId: number | null;
  /** Id of the padding token, null when there is none. */
  readonly padId: number | null;
  /** Generation settings of the model folder. */
  readonly generation: GenerationSettings;
  readonly #library: Library;
  readonly #chat: ChatPrompts;
  readonly #specialTokens: SpecialTokens;
  readonly #specialIds: ReadonlySet<number>;
  readonly #tidiesSpaces: boolean;
  /** Whether tokens of single bytes are put together. */
  readonly #hasBytes: boolean;
  /** How tokens write text: bytes as characters, or text with marks for spaces; null for another way. */
  readonly #spelling: 'bytes' | 'text' | null;

  constructor(parts: TokenizerParts, generation: (eosId: number | null) => GenerationSettings) {
    const { file, json, config, specialTokens, chatTemplates } = parts;
    this.file = file;
    try {
      const spelled = respell(json) as TokenizerParts['json'];
      this.#library = new Library(spelled, config);
      mendLibrary(this.#library, spelled);
    } catch (cause) {
      throw new TokenizerError(file, `cannot be used: ${String(cause)}`, { cause });
    }
    this.#chat = new ChatPrompts(file, chatTemplates, specialTokens.named);
    this.#specialTokens = specialTokens;
    this.#specialIds = this.#findSpecialIds();
    this.vocabularySize = this.#library.model!.vocab.length;
    const { bos_token, eos_token, pad_token } = specialTokens.named;
    this.bosId = this.#idOf(bos_token);
    this.eosId = this.#idOf(eos_token);
    this.padId = this.#idOf(pad_token);
    this.generation = generation(this.eosId);
    this.#tidiesSpaces = tidiesSpaces(json, config);
    const decoder = JSON.stringify(json.decoder ?? null);
    this.#hasBytes = decoder.includes('"ByteFallback"');
    this.#spelling = decoder.includes('"ByteLevel"')
      ? 'bytes'
      : decoder.includes('\u2581')
        ? 'text'
        : null;
  }

  /**
   * The ids of a text.
   *
   * @param options.addSpecialTokens whether to add what the model expects around a text, such as a
   * beginning-of-sequence token (default true); false for text from a chat template, which has it
   * @throws {InvalidArgumentError} when it is not text
   */
  encode(text: string, options: { readonly addSpecialTokens?: boolean } = {}): number[] {
    checkNames('encode', options, ['addSpecialTokens']);
    if (typeof text !== 'string')
      throw new InvalidArgumentError('text', `${typeof text} is not text`);
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
   * The text of ids. Unknown ids are skipped, as in the reference: models often have more rows than their tokenizer has
   * tokens.
   *
   * @param options.skipSpecialTokens whether to leave special tokens out (default false)
   * @throws {InvalidArgumentError} for an id that is not a non-negative integer
   */
  decode(ids: Iterable<number>, options: { readonly skipSpecialTokens?: boolean } = {}): string {
    checkNames('decode', options, ['skipSpecialTokens']);
    const skip = options.skipSpecialTokens ?? false;
    const heard = Array.from(ids).filter((id) => !this.#isSilent(id, skip));
    if (heard.length === 0) return '';
    const text = this.#library.decode(heard, {
      skip_special_tokens: false, // left out above, by id
      clean_up_tokenization_spaces: false, // done below, where it is to be done
    });
    return this.#tidiesSpaces ? tidySpaces(text) : text;
  }

  /** The tokens of a text as written in the vocabulary, without special tokens around it. */
  tokens(text: string): string[] {
    return this.#library.tokenize(text);
  }

  /** The token of an id as written in the vocabulary, or null. */
  tokenOf(id: number): string | null {
    return this.#library.id_to_token(id) ?? null;
  }

  /**
   * The bytes of text that a token stands for when it follows other tokens; null for special tokens and unknown ids. A
   * token may be part of a character.
   *
   * @throws {TokenizerError} when tokens of this kind do not have bytes of their own, as those of WordPiece
   */
  bytesOf(id: number): Uint8Array | null {
    if (this.#spelling === null) {
      throw new TokenizerError(this.file, 'writes tokens in a way whose bytes depend on others');
    }
    if (this.#isSilent(id, true)) return null;
    const token = this.tokenOf(id)!;
    if (this.#spelling === 'bytes') return byteLevelBytes(token);
    const hex = this.#hasBytes ? /^<0x([\da-f]{2})>$/i.exec(token)?.[1] : undefined;
    if (hex !== undefined) return Uint8Array.of(Number.parseInt(hex, 16));
    return new TextEncoder().encode(token.replaceAll('\u2581', ' '));
  }

  /** The id of a token as written in the vocabulary, or null. */
  idOf(token: string): number | null {
    return this.#idOf(token);
  }

  /** Whether an id stands for a special token, which {@link stream} leaves out. */
  isSpecial(id: number): boolean {
    return this.#specialIds.has(id);
  }

  /** Turns ids into text one by one. @param options as in {@link decode}, but skipping by default */
  stream(options: { readonly skipSpecialTokens?: boolean } = {}): TextStream {
    checkNames('stream', options, ['skipSpecialTokens']);
    const skip = options.skipSpecialTokens ?? true;
    return new TextStream({
      decode: (ids) => this.decode(ids),
      isSilent: (id) => this.#isSilent(id, skip),
      isByte: (id) => this.#hasBytes && /^<0x[\da-f]{2}>$/i.test(this.tokenOf(id) ?? ''),
      tidiesSpaces: this.#tidiesSpaces,
    });
  }

  /** Names of the folder's chat templates; empty when it has none. The usual one is `default`. */
  get chatTemplates(): readonly string[] {
    return [...this.#chat.sources.keys()];
  }

  /**
   * The prompt for a conversation, from the folder's chat template, as transformers renders it. It contains its special
   * tokens as text, so encode it with `addSpecialTokens: false`.
   *
   * @param messages the conversation so far
   * @param options tools, documents and other variables, and which template
   * @throws {InvalidArgumentError} for an option that does not exist
   * @throws {TokenizerError} when there is no such template, it refuses the conversation, or it uses something
   *   that cannot be rendered as transformers would
   *
   * @example
   * ```ts
   * const prompt = tokenizer.applyChatTemplate([{ role: 'user', content: 'Hi!' }], { addGenerationPrompt: true });
   * const ids = tokenizer.encode(prompt, { addSpecialTokens: false });
   * ```
   */
  applyChatTemplate(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string {
    checkChatOptions(options);
    return this.#chat.render(messages, options);
  }

  /** Tokens marked as special in any file. */
  #findSpecialIds(): Set<number> {
    const ids = new Set<number>();
    for (const [id, token] of this.#library.get_added_tokens_decoder()) {
      // one that is kept in another form than the special one is not told from text by the reference
      if (token.special && this.tokenOf(id) === token.content) ids.add(id);
    }
    const { named, others } = this.#specialTokens;
    for (const text of [...Object.values(named), ...others]) {
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
      throw new InvalidArgumentError('ids', `${id} is not a non-negative integer`);
    }
    return this.tokenOf(id) === null || (skipSpecialTokens && this.#specialIds.has(id));
  }
}

/**
 * Spaces before punctuation are for WordPiece to remove; in the text of BPE they belong there, although many
 * folders with BPE have the setting. So it is in transformers 5.
 */
function tidiesSpaces(json: TokenizerParts['json'], config: TokenizerParts['config']): boolean {
  if (config.clean_up_tokenization_spaces !== true) return false;
  const isBpe = (json.model as { type?: unknown }).type === 'BPE';
  const { clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output: isForced } =
    config;
  return !isBpe || isForced === true;
}

/**
 * Loads the tokenizer of a Hugging Face model folder: `tokenizer.json`, and when they are there
 * `tokenizer_config.json`, `special_tokens_map.json`, chat templates and `generation_config.json`.
 *
 * @param folder the model folder, a GGUF file, or a folder that holds one: then from the file's metadata
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
  const gguf = await ggufAt(folder);
  if (gguf !== null) {
    const { parts, generation } = await ggufTokenizer(gguf);
    return new Tokenizer(parts, generation);
  }
  const file = join(folder, 'tokenizer.json');
  const json = await readJsonObject(file);
  if (!json)
    throw new TokenizerError(file, 'does not exist; a folder with tokenizer.json is needed');
  const config = (await readJsonObject(join(folder, 'tokenizer_config.json'))) ?? {};
  const specialTokens = await readSpecialTokens(folder, config);
  const chatTemplates = await readChatTemplates(folder);
  for (const template of chatTemplates.values()) template.parse();
  const generation = await readGenerationSettings(folder);
  return new Tokenizer(
    {
      file,
      json: addSpecialTokens(checkTokenizer(json, file), config, specialTokens),
      ...{ config, specialTokens, chatTemplates },
    },
    generation,
  );
}
