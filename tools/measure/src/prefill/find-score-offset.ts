import type { Decoder } from '@namm/decoder';
import { keptShare } from '@namm/kv-cache';
import { type NammCheckpoint, namm } from '@namm/namm';
import { findOffset, searchLengths } from './find-offset.js';

/**
 * The score offset under which a prompt ends with about a share of its rows. Whole prompts are read to measure
 * it; `findOffset` says how few.
 *
 * @param share above 0 and below 1
 */
export async function findScoreOffset(
  decoder: Decoder,
  ids: readonly number[],
  checkpoint: NammCheckpoint,
  share: number,
): Promise<number> {
  const { updateInterval } = checkpoint.policy;
  const measure = async (scoreOffset: number, length: number) => {
    const cache = decoder.createCache({ policy: namm(checkpoint, { scoreOffset }) });
    await decoder.step([{ cache, input: { ids: ids.slice(0, length) }, outputs: 'none' }]);
    return keptShare(cache.memory());
  };
  return findOffset(measure, share, searchLengths(ids.length, updateInterval));
}
