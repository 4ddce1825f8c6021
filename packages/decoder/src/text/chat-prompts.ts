import { join } from 'node:path';
import { checkNames } from '@namm/core';
import { ggufAt } from '../source/gguf/gguf-at.js';
import type { ChatMessage } from './chat-template.js';
import { type ChatTemplates, chooseTemplate, readChatTemplates } from './chat-templates.js';
import { ggufTokenizer } from './gguf/gguf-tokenizer.js';
import { readJsonObject } from './read-json-object.js';
import { readSpecialTokens } from './special-tokens.js';

/** How a conversation becomes a prompt. */
export interface ChatTemplateOptions {
  /** Whether the prompt ends with the beginning of the assistant's answer. @defaultValue false */
  readonly addGenerationPrompt?: boolean;
  /** Tools that the model may call, as JSON schemas. */
  readonly tools?: readonly object[] | null;
  /** Documents that the model may quote from. */
  readonly documents?: readonly object[] | null;
  /**
   * Name of a template, if the folder has several; or a template itself.
   * @defaultValue `tool_use` with tools, else `default`
   */
  readonly template?: string;
  /** Further variables of the template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** The date for templates that print it. @defaultValue now */
  readonly date?: Date;
}

const templateOptions = [
  'addGenerationPrompt',
  'tools',
  'documents',
  'template',
  'variables',
  'date',
] as const satisfies readonly (keyof ChatTemplateOptions)[];

/** @throws {InvalidArgumentError} for an option that does not exist */
export function checkChatOptions(options: ChatTemplateOptions): void {
  checkNames('applyChatTemplate', options, templateOptions);
}

/** The chat templates of a model, with the special tokens they use. */
export class ChatPrompts {
  readonly #file: string;
  readonly #templates: ChatTemplates;
  readonly #tokens: Readonly<Record<string, string>>;

  /**
   * @param file is named in errors
   * @param tokens special tokens by name, such as `bos_token`
   */
  constructor(file: string, templates: ChatTemplates, tokens: Readonly<Record<string, string>>) {
    this.#file = file;
    this.#templates = templates;
    this.#tokens = tokens;
  }

  /** The templates as written in the model's files, by name; the usual one is `default`. */
  get sources(): ReadonlyMap<string, string> {
    return new Map(Array.from(this.#templates, ([name, { source }]) => [name, source]));
  }

  /**
   * The prompt for a conversation, as transformers renders it.
   *
   * @param messages the conversation so far
   * @param options tools, documents and other variables, and which template
   * @throws {InvalidArgumentError} for an option that does not exist
   * @throws {TokenizerError} when there is no such template, it refuses the conversation, or it uses something
   *   that cannot be rendered as transformers would
   */
  render(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string {
    checkChatOptions(options);
    const { addGenerationPrompt, tools, documents, template, variables, date } = options;
    const all = {
      ...this.#tokens,
      tools: tools ?? null,
      documents: documents ?? null,
      add_generation_prompt: addGenerationPrompt ?? false,
      ...variables,
      messages,
    };
    const hasTools = all.tools !== null && all.tools !== undefined;
    const chosen = chooseTemplate(this.#templates, template, hasTools, this.#file);
    return chosen.render(all, () => date ?? new Date());
  }
}

/**
 * Only the chat templates of a model folder, for use with another library's tokenizer.
 *
 * @param folder a Hugging Face model folder, a GGUF file, or a folder that holds one
 * @throws {TokenizerError} when a file is damaged
 *
 * @example
 * ```ts
 * const chat = await loadChatPrompts('model');
 * const prompt = chat.render([{ role: 'user', content: 'Hi!' }], { addGenerationPrompt: true });
 * ```
 */
export async function loadChatPrompts(folder: string): Promise<ChatPrompts> {
  const gguf = await ggufAt(folder);
  if (gguf !== null) {
    const { file, chatTemplates, specialTokens } = (await ggufTokenizer(gguf)).parts;
    return new ChatPrompts(file, chatTemplates, specialTokens.named);
  }
  const file = join(folder, 'tokenizer_config.json');
  const { named } = await readSpecialTokens(folder, (await readJsonObject(file)) ?? {});
  return new ChatPrompts(file, await readChatTemplates(folder), named);
}
