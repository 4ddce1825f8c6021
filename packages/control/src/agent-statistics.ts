import { DecisionTransformer } from '@namm/cache-decision-transformer';
import { checkNames, type ProgressListener } from '@namm/core';
import {
  checkStatistics,
  type ObservationStatistics,
  recordedStatistics,
} from '@namm/environments';

/**
 * Mean and standard deviation of recorded episodes, with which an agent normalises its states.
 *
 * @param agent folder of a Decision Transformer
 * @param path of recorded episodes: a D4RL `.hdf5` file, a Minari folder, or what `collect` wrote
 * @param options a signal that aborts it, and a progress listener
 * @throws {InvalidArgumentError} naming the file and both sizes, when its observations and the agent's states differ in
 *   size
 * @throws {NammError} when the agent or the episodes cannot be read
 *
 * @example
 * ```ts
 * const normalisation = await agentStatistics('models/hopper', 'hopper-medium-v2.hdf5');
 * ```
 */
export async function agentStatistics(
  agent: string,
  path: string,
  options: { signal?: AbortSignal; onProgress?: ProgressListener } = {},
): Promise<ObservationStatistics> {
  checkNames('agentStatistics', options, ['signal', 'onProgress']);
  const { stateSize } = await DecisionTransformer.readSpec(agent);
  const statistics = await recordedStatistics(path, options);
  checkStatistics(statistics, stateSize, path);
  return statistics;
}
