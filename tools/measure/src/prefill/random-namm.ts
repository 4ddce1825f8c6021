import type { Decoder } from '@namm/decoder';
import { keptShare } from '@namm/kv-cache';
import { type NammCheckpoint, namm, randomNamm, SpectrumCollector } from '@namm/namm';
import { findOffset, searchLengths } from './find-offset.js';

/**
 * A NAMM with random parameters, normalised on a model.
 *
 * @param decoder loaded with the probe of a NAMM
 * @param ids what the statistics are measured on
 */
export async function normalisedNamm(
  decoder: Decoder,
  ids: readonly number[],
  updateInterval: number,
  seed: number,
): Promise<NammCheckpoint> {
  const collector = new SpectrumCollector({ updateInterval });
  const cache = decoder.createCache({ policy: collector.policy });
  await decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
  return randomNamm({ seed, updateInterval, normaliser: collector.statistics.normaliser() });
}

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
