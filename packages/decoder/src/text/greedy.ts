import type { SequenceCache, SequenceModel, StepOptions } from '@namm/kv-cache';

/** Index of the largest number; the first of equal ones. */
function indexOfLargest(numbers: Float32Array): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i]! > numbers[best]!) best = i;
  return best;
}

/**
 * Reads a prompt and yields the most likely token again and again, for those who want no framework. The
 * loop has no end of its own: stop it at an end token, or when there are enough.
 *
 * @param decoder the model, here or in a worker
 * @param cache the sequence so far; the prompt goes behind it
 * @param prompt token ids, at least one
 * @param options progress of the prompt, and cancellation
 *
 * @example
 * ```ts
 * for await (const id of greedy(decoder, cache, prompt)) {
 *   if (id === endToken) break;
 *   process.stdout.write(stream.push(id));
 * }
 * ```
 */
export async function* greedy<Cache extends SequenceCache<Cache>>(
  decoder: SequenceModel<Cache>,
  cache: Cache,
  prompt: ArrayLike<number>,
  options: StepOptions = {},
): AsyncGenerator<number, never> {
  let ids = prompt;
  let stepOptions = options;
  while (true) {
    const [result] = await decoder.step([{ cache, input: { ids } }], stepOptions);
    const id = indexOfLargest(result!.logits);
    yield id;
    ids = [id];
    stepOptions = options.signal ? { signal: options.signal } : {};
  }
}
