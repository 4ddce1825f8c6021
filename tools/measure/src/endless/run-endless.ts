import type { Decoder } from '@namm/decoder';
import type { KVCache } from '@namm/kv-cache';
import { startStopwatch } from '../measuring/stopwatch.js';
import { tokenBits } from './token-bits.js';

/** What was noted after one chunk. */
export interface ChunkNote {
  /** Tokens read by then. */
  readonly tokens: number;
  readonly residentMegabytes: number;
  /** Seconds. */
  readonly cpu: number;
  readonly wall: number;
  /** Position of the next token. */
  readonly nextPosition: number;
}

/**
 * Reads ids chunk by chunk, and notes after each what it took.
 *
 * @param bits where the bits of each token go, or null when the model is not trained; the first token has
 *   none
 * @param onProgress told how many tokens are read
 */
export async function runEndless(
  decoder: Decoder,
  cache: KVCache,
  ids: Int32Array,
  bits: Float64Array | null,
  onProgress: (tokens: number) => void,
): Promise<ChunkNote[]> {
  const { chunkSize } = decoder;
  const vocabulary = decoder.spec.vocabularySize!;
  const outputs = bits === null ? 'none' : 'all';
  const notes: ChunkNote[] = [];
  for (let from = 0; from < ids.length; from += chunkSize) {
    const chunk = ids.subarray(from, from + chunkSize);
    const elapsed = startStopwatch();
    const [result] = await decoder.step([{ cache, input: { ids: chunk }, outputs }]);
    const { cpu, wall } = elapsed();
    notes.push({
      tokens: cache.seen,
      residentMegabytes: process.memoryUsage.rss() / 2 ** 20,
      cpu,
      wall,
      nextPosition: cache.nextPosition,
    });
    if (bits !== null) {
      // A token's logits predict the next one.
      const next = ids.subarray(from + 1, from + chunk.length + 1);
      bits.set(tokenBits(result!.logits.subarray(0, next.length * vocabulary), next), from + 1);
    }
    onProgress(cache.seen);
  }
  return notes;
}
