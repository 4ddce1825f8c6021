import { checkNames, type ProgressListener } from '@namm/core';
import { type ObservationStatistics, observationStatistics } from './observation-statistics.js';
import { openEpisodes } from './open-episodes.js';

/**
 * Mean and deviation of all observations of recorded episodes.
 *
 * @param path as of {@link openEpisodes}
 * @param options a signal that ends it, and who is told of the steps read
 * @throws {NammError} when it is not what its name says, or has no step
 *
 * @example
 * ```ts
 * const { mean, deviation } = await recordedStatistics('hopper-medium-v2.hdf5');
 * ```
 */
export async function recordedStatistics(
  path: string,
  options: { signal?: AbortSignal; onProgress?: ProgressListener } = {},
): Promise<ObservationStatistics> {
  checkNames('recordedStatistics', options, ['signal', 'onProgress']);
  const source = await openEpisodes(path);
  try {
    return await observationStatistics(source, options);
  } finally {
    await source.close();
  }
}
