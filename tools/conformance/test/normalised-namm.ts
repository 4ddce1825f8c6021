import type { Decoder } from '@namm/decoder';
import { type NammCheckpoint, randomNamm, SpectrumCollector } from '@namm/namm';

/** A NAMM with random parameters, normalised on what a model does with some tokens. */
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
