import { checkNames } from '@namm/core';
import type { SequenceCache, SequenceModel, StepOptions } from '@namm/kv-cache';
import { indexOfLargest } from './index-of-largest.js';
import { writeTokens } from './write-tokens.js';

/**
 * Reads a prompt and yields the most likely token again and again, for use without a framework. The loop does not end
 * by itself: stop it at an end token, or when you have enough.
 *
 * @param decoder the model, here or in a worker
 * @param cache the sequence so far, to which the prompt is appended
 * @param prompt token ids, at least one
 * @param options progress of the prompt, and cancellation
 * @returns ids without end
 *
 * @example
 * ```ts
 * for await (const id of greedy(decoder, cache, prompt)) {
 *   if (tokenizer.generation.endIds.includes(id)) break;
 *   process.stdout.write(stream.push(id));
 * }
 * ```
 */
export function greedy<Cache extends SequenceCache<Cache>>(
  decoder: SequenceModel<Cache>,
  cache: Cache,
  prompt: ArrayLike<number>,
  options: StepOptions = {},
): AsyncGenerator<number, never> {
  checkNames('greedy', options, ['onProgress', 'signal']);
  return writeTokens(decoder, cache, prompt, indexOfLargest, options);
}
