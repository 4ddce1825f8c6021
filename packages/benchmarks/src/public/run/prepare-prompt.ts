import { InvalidArgumentError } from '@namm/core';
import type { PublicItem, PublicTask } from '../data/public-task.js';

/** What of a tokenizer is needed; one of `@namm/decoder` has it. */
export interface PromptTokenizer {
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
  decode(ids: Iterable<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
  readonly chatTemplates: readonly string[];
  applyChatTemplate(
    messages: readonly { readonly role: string; readonly content: string }[],
    options?: { readonly addGenerationPrompt?: boolean },
  ): string;
}

/** Whether prompts are put in a chat template: where the benchmark does it and the model has one, always there, or never. */
export type ChatUse = 'auto' | 'always' | 'never';

/** A prompt as the model reads it. */
export interface PreparedPrompt {
  readonly ids: Int32Array;
  /** Tokens that were taken out of its middle. */
  readonly cut: number;
  /** Tokens before its question; all of them where that was not sought, or cannot be found. */
  readonly context: number;
}

/** How prompts are made ready. */
export interface PromptLimitsRecord {
  readonly tokenizer: PromptTokenizer;
  /** Tokens that the model can read and write together. */
  readonly maxTokens: number;
  readonly maxNewTokens: number;
  readonly chat: ChatUse;
  /** Whether to seek where the question begins. @defaultValue false */
  readonly seeksQuestion?: boolean;
}

/**
 * A prompt as LongBench and its followers put it to a model: one that is too long loses its middle, then comes the chat
 * template, then what the answer begins with.
 *
 * @throws {InvalidArgumentError} when the model has room for nothing, or no template where one is asked for
 */
export function preparePrompt(
  task: PublicTask,
  item: PublicItem,
  { tokenizer, maxTokens, maxNewTokens, chat, seeksQuestion = false }: PromptLimitsRecord,
): PreparedPrompt {
  const hasTemplate = tokenizer.chatTemplates.length > 0;
  if (chat === 'always' && !hasTemplate) {
    throw new InvalidArgumentError('chat', 'the model has no chat template; say never');
  }
  const isChat = task.usesChatTemplate && hasTemplate && chat !== 'never';
  const textOf = (prompt: string) => {
    const messages = [{ role: 'user', content: prompt }];
    const text = isChat
      ? tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true })
      : prompt;
    return text + item.answerPrefix;
  };
  const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: !isChat });
  const prepared = (prompt: string, all: readonly number[], cut: number): PreparedPrompt => {
    const ids = Int32Array.from(all);
    if (!seeksQuestion) return { ids, cut, context: ids.length };
    const text = textOf(prompt);
    // A chat template may trim what it is given.
    const question = item.question?.trim() ?? '';
    const end = prompt.trim();
    const at = question ? text.lastIndexOf(question) : text.lastIndexOf(end) + end.length;
    const before = at < 0 ? ids : Int32Array.from(encode(text.slice(0, at)));
    return { ids, cut, context: commonLength([before, ids]) };
  };
  const room = maxTokens - maxNewTokens;
  const ids = encode(textOf(item.prompt));
  if (ids.length <= room) return prepared(item.prompt, ids, 0);
  const own = tokenizer.encode(item.prompt, { addSpecialTokens: false });
  // Text around the prompt stays; halves that are encoded again may become a little longer.
  for (let kept = room - (ids.length - own.length); kept >= 2; kept -= 2) {
    const half = Math.floor(kept / 2);
    const decode = (part: number[]) => tokenizer.decode(part, { skipSpecialTokens: true });
    const shortened = decode(own.slice(0, half)) + decode(own.slice(-half));
    const shorter = encode(textOf(shortened));
    if (shorter.length <= room) return prepared(shortened, shorter, own.length - 2 * half);
  }
  const problem = `${maxTokens} tokens leave no room for a prompt of ${task.name} beside ${maxNewTokens} tokens of answer`;
  throw new InvalidArgumentError('maxTokens', problem);
}

/** Tokens with which all prompts begin. */
export function commonLength(prompts: readonly Int32Array[]): number {
  const [first, ...others] = prompts;
  let length = first?.length ?? 0;
  for (const other of others) {
    let same = 0;
    while (same < length && same < other.length && first![same] === other[same]) same++;
    length = same;
  }
  return length;
}
