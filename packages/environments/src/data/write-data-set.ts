import { InvalidArgumentError } from '@namm/core';
import { writeSealedFile } from '@namm/tensors';
import { type DataSetInfo, dataSetFormat } from './data-set.js';
import type { RecordedEpisode } from './record-episode.js';

/**
 * Writes a data set: one safetensors file, which Python reads with `safetensors.torch.load_file`. All steps
 * one after the other under D4RL's names: `observations` [N, O], `actions` [N, A], `rewards` [N] in float32,
 * `terminals` and `timeouts` [N] in uint8, 1 in the last step of an episode; the header's `info` is the
 * `DataSetInfo` as JSON.
 *
 * @throws {InvalidArgumentError} when an episode does not have the sizes that `info` says
 */
export async function writeDataSet(
  path: string,
  episodes: readonly RecordedEpisode[],
  info: DataSetInfo,
): Promise<void> {
  const { observationSize, actionSize } = info;
  const steps = episodes.reduce((sum, { length }) => sum + length, 0);
  if (steps !== info.steps || episodes.length !== info.episodes) {
    const problem = `has ${episodes.length} episodes of ${steps} steps where info says ${info.episodes} of ${info.steps}`;
    throw new InvalidArgumentError('episodes', problem);
  }
  const observations = new Float32Array(steps * observationSize);
  const actions = new Float32Array(steps * actionSize);
  const rewards = new Float32Array(steps);
  const terminals = new Uint8Array(steps);
  const timeouts = new Uint8Array(steps);
  let at = 0;
  for (const [index, episode] of episodes.entries()) {
    const fits =
      episode.length > 0 &&
      episode.observations.length === episode.length * observationSize &&
      episode.actions.length === episode.length * actionSize &&
      episode.rewards.length === episode.length;
    if (!fits)
      throw new InvalidArgumentError(`episodes[${index}]`, 'does not have the sizes of info');
    observations.set(episode.observations, at * observationSize);
    actions.set(episode.actions, at * actionSize);
    rewards.set(episode.rewards, at);
    at += episode.length;
    if (episode.end === 'terminated') terminals[at - 1] = 1;
    if (episode.end === 'truncated') timeouts[at - 1] = 1;
  }
  const tensors = {
    observations: { shape: [steps, observationSize], data: observations },
    actions: { shape: [steps, actionSize], data: actions },
    rewards: { shape: [steps], data: rewards },
    terminals: { shape: [steps], data: terminals },
    timeouts: { shape: [steps], data: timeouts },
  };
  await writeSealedFile(path, Object.entries(tensors), {
    format: dataSetFormat,
    info: JSON.stringify(info),
  });
}
