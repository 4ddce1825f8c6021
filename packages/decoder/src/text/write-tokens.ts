import type { SequenceCache, SequenceModel, StepOptions } from '@namm/kv-cache';
import { DecoderInputError } from '../errors.js';

/**
 * Reads a prompt and yields the token that is chosen from the logits behind it, reads that, and so on. The
 * last token yielded is not read.
 *
 * @param choose takes the logits `[vocabulary]` of the last token, which it may change, and gives an id
 */
export async function* writeTokens<Cache extends SequenceCache<Cache>>(
  decoder: SequenceModel<Cache>,
  cache: Cache,
  prompt: ArrayLike<number>,
  choose: (logits: Float32Array) => number,
  options: StepOptions,
): AsyncGenerator<number, never> {
  let ids = prompt;
  let stepOptions = options;
  while (true) {
    const [result] = await decoder.step([{ cache, input: { ids } }], stepOptions);
    if (result!.logits.length === 0) {
      throw new DecoderInputError('The model gives no logits, so there is no token to choose.');
    }
    const id = choose(result!.logits);
    yield id;
    ids = [id];
    stepOptions = options.signal ? { signal: options.signal } : {}; // the prompt is read: no more progress
  }
}
