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
}

/** How prompts are made ready. */
export interface PromptLimitsRecord {
  readonly tokenizer: PromptTokenizer;
  /** Tokens that the model can read and write together. */
  readonly maxTokens: number;
  readonly maxNewTokens: number;
  readonly chat: ChatUse;
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
  { tokenizer, maxTokens, maxNewTokens, chat }: PromptLimitsRecord,
): PreparedPrompt {
  const hasTemplate = tokenizer.chatTemplates.length > 0;
  if (chat === 'always' && !hasTemplate) {
    throw new InvalidArgumentError('chat', 'the model has no chat template; say never');
  }
  const isChat = task.usesChatTemplate && hasTemplate && chat !== 'never';
  const whole = (prompt: string) => {
    const text = isChat
      ? tokenizer.applyChatTemplate([{ role: 'user', content: prompt }], {
          addGenerationPrompt: true,
        })
      : prompt;
    return tokenizer.encode(text + item.answerPrefix, { addSpecialTokens: !isChat });
  };
  const room = maxTokens - maxNewTokens;
  const ids = whole(item.prompt);
  if (ids.length <= room) return { ids: Int32Array.from(ids), cut: 0 };
  const own = tokenizer.encode(item.prompt, { addSpecialTokens: false });
  // Text around the prompt stays; halves that are encoded again may become a little longer.
  for (let kept = room - (ids.length - own.length); kept >= 2; kept -= 2) {
    const half = Math.floor(kept / 2);
    const decode = (part: number[]) => tokenizer.decode(part, { skipSpecialTokens: true });
    const shortened = whole(decode(own.slice(0, half)) + decode(own.slice(-half)));
    if (shortened.length <= room) {
      return { ids: Int32Array.from(shortened), cut: own.length - 2 * half };
    }
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
