import type { Decoder } from '@namm/decoder';
import { tokenBits } from './token-bits.js';

/**
 * The bits of tokens as the model was trained: in pieces of its training length, each read from its
 * beginning with the full cache. The second half of each piece counts, so that no token has less than half
 * of that length before it; pieces overlap by half.
 *
 * @param prefix ids that begin a text, such as BOS
 * @param onProgress told how many tokens are read
 * @returns bits per token, NaN for the first and the last ones, which no piece counts
 */
export async function bitsAsTrained(
  decoder: Decoder,
  ids: Int32Array,
  prefix: readonly number[],
  onProgress: (tokens: number) => void,
): Promise<Float64Array> {
  const length = decoder.spec.maximumPositions;
  const half = Math.floor(length / 2);
  const vocabulary = decoder.spec.vocabularySize!;
  const bits = new Float64Array(ids.length).fill(Number.NaN);
  const taken = length - prefix.length;
  for (let from = prefix.length; from + taken <= ids.length; from += half) {
    const piece = Int32Array.of(...prefix, ...ids.subarray(from, from + taken));
    const cache = decoder.createCache();
    const [result] = await decoder.step([{ cache, input: { ids: piece }, outputs: 'all' }]);
    const logits = result!.logits.subarray((half - 1) * vocabulary, (length - 1) * vocabulary);
    bits.set(tokenBits(logits, piece.subarray(half)), from - prefix.length + half);
    onProgress(from + taken);
  }
  return bits;
}
