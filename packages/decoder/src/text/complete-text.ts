import { InvalidArgumentError } from '@namm/core';
import {
  hasCompactPositions,
  type SequenceCache,
  type SequenceModel,
  type StepOptions,
} from '@namm/kv-cache';
import { greedy } from './greedy.js';
import type { Tokenizer } from './tokenizer.js';

export interface CompletionOptions extends StepOptions {
  /** Most tokens to write, at least 1; the model's positions may end the answer sooner. */
  readonly maximumTokens: number;
  /** Texts that end the answer; they are not part of it. The model's end token always ends it. */
  readonly stop?: readonly string[];
  /**
   * Whether the tokenizer puts its special tokens (such as BOS) around the prompt: true for the first
   * text of a sequence, false for what continues one and for chat templates, which write their own.
   * @defaultValue true
   */
  readonly addSpecialTokens?: boolean;
  /** Is told every token of the prompt and then every token written, in order. */
  readonly onToken?: (id: number) => void;
}

/**
 * Reads a prompt and yields the model's most likely continuation, piece by piece, as text. Afterwards the
 * prompt and the answer are in the cache, except for the answer's last token.
 *
 * @param decoder the model, here or in a worker
 * @param tokenizer its tokenizer
 * @param cache the sequence so far; the prompt goes behind it
 * @param prompt text to read
 * @throws {InvalidArgumentError} for a bad limit or stop list; whatever {@link Decoder.step} throws
 *
 * @example
 * ```ts
 * for await (const piece of completeText(decoder, tokenizer, cache, 'Once upon', { maximumTokens: 50 })) {
 *   process.stdout.write(piece);
 * }
 * ```
 */
export async function* completeText<Cache extends SequenceCache<Cache>>(
  decoder: SequenceModel<Cache>,
  tokenizer: Tokenizer,
  cache: Cache,
  prompt: string,
  options: CompletionOptions,
): AsyncGenerator<string, void> {
  const { maximumTokens, stop = [], addSpecialTokens = true, onToken, ...stepOptions } = options;
  if (!Number.isInteger(maximumTokens) || maximumTokens < 1) {
    throw new InvalidArgumentError(
      'maximumTokens',
      `${maximumTokens} is not a whole number from 1 on`,
    );
  }
  if (!Array.isArray(stop)) throw new InvalidArgumentError('stop', 'is not a list of texts');
  const ids = tokenizer.encode(prompt, { addSpecialTokens });
  for (const id of ids) onToken?.(id);
  // The last token written is not read again, so it needs no position. Compact ones do not run out.
  const isCompact = hasCompactPositions(cache.shape);
  const room = isCompact ? Infinity : decoder.spec.maximumPositions - cache.seen - ids.length + 1;
  const limit = Math.min(maximumTokens, room);
  const stream = tokenizer.stream();
  let held = '';
  let count = 0;
  for await (const id of greedy(decoder, cache, ids, stepOptions)) {
    onToken?.(id);
    if (id === tokenizer.eosId) break;
    held += stream.push(id);
    const end = firstStop(held, stop);
    if (end >= 0) {
      if (end > 0) yield held.slice(0, end);
      return;
    }
    // What may yet turn out to be the beginning of a stop text is not given out.
    const ready = held.length - possibleStop(held, stop);
    if (ready > 0) yield held.slice(0, ready);
    held = held.slice(ready);
    if (++count >= limit) break;
  }
  held += stream.end();
  if (held) yield held;
}

function firstStop(text: string, stop: readonly string[]): number {
  const places = stop.map((ending) => text.indexOf(ending)).filter((place) => place >= 0);
  return places.length ? Math.min(...places) : -1;
}

/** Length of the longest end of a text with which a stop text begins. */
function possibleStop(text: string, stop: readonly string[]): number {
  const longest = Math.max(0, ...stop.map((ending) => ending.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (stop.some((ending) => ending.startsWith(end))) return length;
  }
  return 0;
}
