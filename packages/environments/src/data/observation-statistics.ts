import { checkNames, FileFormatError, type ProgressListener } from '@namm/core';
import type { EpisodeSource } from '../contracts/episode-source.js';
import { Moments } from './moments.js';

/** What a Decision Transformer's observations are normalised with: (observation − mean) / deviation. */
export interface ObservationStatistics {
  /** One number per number of an observation. */
  readonly mean: readonly number[];
  /** Of the population, plus 1e-6, as the published models have it. */
  readonly deviation: readonly number[];
}

/**
 * Mean and deviation of all observations, in one pass over the episodes.
 *
 * @param source the episodes
 * @param options a signal that ends it, and who is told of the steps read
 * @throws {FileFormatError} when the source has no step, or what its `episodes` throws
 */
export async function observationStatistics(
  source: EpisodeSource,
  options: { signal?: AbortSignal; onProgress?: ProgressListener } = {},
): Promise<ObservationStatistics> {
  checkNames('observationStatistics', options, ['signal', 'onProgress']);
  const { signal, onProgress } = options;
  const moments = new Moments(source.observationSize);
  for await (const { observations } of source.episodes()) {
    signal?.throwIfAborted();
    for (let at = 0; at < observations.length; at += source.observationSize) {
      moments.add(observations.subarray(at, at + source.observationSize));
    }
    onProgress?.({ stage: 'statistics', done: moments.count, total: source.steps });
  }
  if (moments.count === 0) throw new FileFormatError(source.path, 'has no step');
  const deviation = Array.from(moments.squares, (sum) => Math.sqrt(sum / moments.count) + 1e-6);
  return { mean: [...moments.mean], deviation };
}
