import { checkNames } from '@namm/core';
import type { EvictionPolicy, SequenceCache, SequenceModel } from '@namm/kv-cache';
import type { NammCheckpoint } from './checkpoint/checkpoint.js';
import { type RandomNammOptions, randomNamm } from './random-namm.js';
import { SpectrumCollector } from './spectrum-collector.js';

/**
 * A NAMM with random parameters, normalised on a model's attention to some tokens.
 *
 * @param model loaded with the probe of a NAMM
 * @param ids the tokens that the statistics are measured on, at least `updateInterval`
 * @returns a checkpoint; the same for the same model, tokens and seed
 *
 * @example
 * ```ts
 * const checkpoint = await randomNammFor(decoder, ids, { seed: 1, updateInterval: 64 });
 * ```
 */
export async function randomNammFor<Cache extends SequenceCache<Cache>>(
  model: SequenceModel<Cache, EvictionPolicy>,
  ids: ArrayLike<number>,
  options: Omit<RandomNammOptions, 'normaliser'>,
): Promise<NammCheckpoint> {
  const { seed, updateInterval } = checkNames('randomNammFor', options, ['seed', 'updateInterval']);
  const collector = new SpectrumCollector({ updateInterval });
  const cache = await model.createCache({ policy: collector.policy });
  await model.step([{ cache, input: { ids }, outputs: 'none' }]);
  await cache.release();
  return randomNamm({ seed, updateInterval, normaliser: collector.statistics.normaliser() });
}
