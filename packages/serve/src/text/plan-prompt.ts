import { InvalidArgumentError, type RetentionPart } from '@namm/core';
import type { ChatMessage, Tokenizer } from '@namm/decoder';
import type { ProtectedSpan } from '@namm/kv-cache';
import type { Tool } from './answer-request.js';

/** First tokens, which attention leans on. */
const sinks = 4;

/** A conversation as tokens, and what is known of its parts. */
export interface PromptPlan {
  readonly ids: Int32Array;
  /** Tokens before the first word of the user: the system prompt. */
  readonly systemTokens: number;
  /** Where sentences and lines of it begin, in order. */
  readonly systemParts: readonly number[];
  /** Tokens of messages that no policy may drop, or of which a fair share stays. */
  readonly spans: readonly ProtectedSpan[];
  /** Tokens at the end that the template adds for the answer to begin. */
  readonly tail: number;
  /** Lengths of beginnings that other prompts may share. */
  readonly keepAt: readonly number[];
}

export interface ChatPlanOptions {
  /**
   * Whether an answer is to follow.
   * @defaultValue true
   */
  readonly addGenerationPrompt?: boolean;
  /** What no policy may drop of each message; null for what it likes. */
  readonly keeps?: readonly ('all' | 'share' | null)[];
}

/**
 * Puts a conversation through the chat template.
 *
 * @throws {InvalidArgumentError} when a message is to be kept that the template does not tell apart
 * @throws {TokenizerError} when there is no template, or it refuses
 */
export function planChat(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  tools: readonly Tool[] | null,
  { addGenerationPrompt = true, keeps = [] }: ChatPlanOptions = {},
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
  const endOf = (index: number) => {
    if (index < 0) return 0;
    if (index === messages.length - 1) return ids.length - tail;
    return shared(attempt(() => render(messages.slice(0, index + 1), false)));
  };
  const spans = keeps.flatMap((keep, i) => {
    if (keep === null) return [];
    const [start, end] = [endOf(i - 1), endOf(i)];
    if (start < end && (i === 0 || start > 0)) return [{ start, end, keep }];
    const problem = 'the chat template does not tell this message apart';
    throw new InvalidArgumentError(`messages.${i}.kv_keep`, problem);
  });
  return {
    ...{ ids: Int32Array.from(ids), systemTokens, spans, keepAt },
    systemParts: partsOf(tokenizer, ids.slice(0, systemTokens)),
    tail: tail < ids.length ? tail : 0,
  };
}

/**
 * The same with messages that are to be kept, which come before the rule for system prompts.
 *
 * @param spans of these
 */
export function withMessages(
  rules: readonly ProtectedSpan[],
  spans: readonly ProtectedSpan[],
  systemTokens: number,
): ProtectedSpan[] {
  const isOwn = spans.some(({ end }) => end <= systemTokens);
  const all = isOwn ? rules.slice(0, 1).map(sinksOnly) : [...rules];
  for (const { start, end, keep = 'all' } of [...spans].sort((a, b) => a.start - b.start)) {
    const from = Math.max(start, all.at(-1)?.end ?? 0);
    if (from < end) all.push({ start: from, end, keep });
  }
  return all.filter((one) => one.start < one.end);
}

function sinksOnly({ start, end }: ProtectedSpan): ProtectedSpan {
  return { start, end: start === 0 ? Math.min(end, sinks) : start };
}

/** Tokens that a part of a system prompt has at least. */
const leastPart = 4;

/** Where sentences and lines of some tokens begin: behind those that end with a mark or have an end of line in them. */
function partsOf(tokenizer: Tokenizer, ids: readonly number[]): number[] {
  const parts: number[] = [];
  let begun = sinks;
  for (let at = sinks; at < ids.length - leastPart; at++) {
    if (
      at + 1 - begun < leastPart ||
      !/\n|[.!?。！？]["'”’»)]*$/.test(tokenizer.decode([ids[at]!]))
    )
      continue;
    begun = at + 1;
    parts.push(begun);
  }
  return parts;
}

/** Share of what a head may keep that a system prompt takes at most. */
const systemShare = 0.75;

/**
 * The tokens that no policy may drop: the first four, which serve as attention sinks, and the system prompt, as long as
 * it leaves a quarter of the budget to the rest. Of a longer system prompt, that much stays, with the same share of
 * each of its sentences and lines, whatever is said later. So no instruction is lost in favour of another.
 *
 * @param rows that a head may keep
 * @param parts starts of its sentences and lines
 */
export function protectedSpans(
  systemTokens: number,
  rows: number,
  parts: readonly number[] = [],
): ProtectedSpan[] {
  if (rows < 4 * sinks) return [];
  const most = Math.floor(systemShare * rows);
  if (systemTokens <= Math.max(sinks, most)) {
    return [{ start: 0, end: Math.max(sinks, systemTokens) }];
  }
  const keep = (most - sinks) / (systemTokens - sinks);
  const starts = [sinks, ...parts];
  const shares = starts.map((start, i) => ({ start, end: starts[i + 1] ?? systemTokens, keep }));
  return [{ start: 0, end: sinks }, ...shares];
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
