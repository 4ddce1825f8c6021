import type { RetentionPart } from '@namm/core';
import type { ChatMessage, Tokenizer } from '@namm/decoder';
import type { ProtectedSpan } from '@namm/kv-cache';
import type { Tool } from './answer-request.js';

/** A conversation as tokens, and what is known of its parts. */
export interface PromptPlan {
  readonly ids: Int32Array;
  /** Tokens before the first word of the user: the system prompt. */
  readonly systemTokens: number;
  /** Tokens at the end that the template adds for the answer to begin. */
  readonly tail: number;
  /** Lengths of beginnings that other prompts may share. */
  readonly keepAt: readonly number[];
}

/**
 * Puts a conversation through the chat template.
 *
 * @param addGenerationPrompt whether an answer is to follow
 * @throws {TokenizerError} when there is no template, or it refuses
 */
export function planChat(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  tools: readonly Tool[] | null,
  addGenerationPrompt = true,
): PromptPlan {
  const render = (some: readonly ChatMessage[], addGenerationPrompt: boolean) =>
    tokenizer.applyChatTemplate(some, { addGenerationPrompt, ...(tools && { tools: [...tools] }) });
  const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: false });
  const text = render(messages, addGenerationPrompt);
  const ids = encode(text);
  /** Tokens of what two texts begin with, as far as they stay the same in the whole. */
  const shared = (other: string | null) => {
    if (other === null) return 0;
    const part = encode(text.slice(0, commonLength(text, other)));
    return commonLength(part, ids);
  };
  const firstUser = messages.findIndex(({ role }) => role === 'user');
  const changed = (): string | null => {
    const { content } = messages[firstUser]!;
    const other = { ...messages[firstUser]!, content: `\u0000${String(content)}` };
    return attempt(() => render(messages.with(firstUser, other), addGenerationPrompt));
  };
  const systemTokens = firstUser < 0 ? 0 : shared(changed());
  const bare = attempt(() => render(messages, false));
  const tail = bare === null ? 0 : ids.length - shared(bare);
  const earlier = messages.length < 2 ? null : attempt(() => render(messages.slice(0, -1), false));
  const keepAt = [systemTokens, shared(earlier)].filter((length) => length > 0);
  return { ids: Int32Array.from(ids), systemTokens, tail: tail < ids.length ? tail : 0, keepAt };
}

/**
 * The tokens that no policy may drop: the first four, which attention leans on, and the system prompt; of one that
 * would fill half of what may stay, a fair share.
 *
 * @param rows that a head may keep
 */
export function protectedSpans(systemTokens: number, rows: number): ProtectedSpan[] {
  const sinks = 4;
  if (rows < 4 * sinks) return [];
  if (systemTokens <= Math.max(sinks, rows / 2)) {
    return [{ start: 0, end: Math.max(sinks, systemTokens) }];
  }
  return [
    { start: 0, end: sinks },
    { start: sinks, end: systemTokens, keep: 'share' },
  ];
}

/**
 * The tokens of a conversation by who said them; those that the template adds belong to what they stand before.
 *
 * @param ids of the whole; an answer that still runs may follow
 */
export function messageParts(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  ids: ArrayLike<number>,
): RetentionPart[] {
  const parts: RetentionPart[] = [];
  let end = 0;
  for (const [i, { role }] of messages.entries()) {
    const text = attempt(() => tokenizer.applyChatTemplate(messages.slice(0, i + 1)));
    const isLast = i === messages.length - 1;
    if (text === null && !isLast) continue; // goes with the next, where the template refuses such a half
    const length = tokenizer.encode(text ?? '', { addSpecialTokens: false }).length;
    const next = isLast ? ids.length : Math.min(length, ids.length);
    if (next > end) parts.push({ name: role, tokens: next - end });
    end = Math.max(end, next);
  }
  return parts;
}

/** Some templates refuse what is no whole conversation. */
function attempt(render: () => string): string | null {
  try {
    return render();
  } catch {
    return null;
  }
}

function commonLength<T extends string | readonly number[]>(a: T, b: T): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
