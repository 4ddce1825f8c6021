import type { EvictionPolicy } from '@namm/kv-cache';
import { calibrate, type NammCheckpoint, SpectrumCollector } from '@namm/namm';

/**
 * Makes a NAMM ready for whatever a model reads, such as videos: measures the statistics of its features, head by head, while
 * the caller reads. Its bias per head is left out: the heads of the new model are others.
 *
 * @param checkpoint of another model
 * @param read shows the model what it is going to see, under the policy that it is given, which keeps everything; its
 *   probe is that of any NAMM
 * @throws {InvalidArgumentError} when what was read does not reach the first update of the NAMM
 * @example
 * ```ts
 * const calibrated = await calibrateOn(checkpoint, async (policy) => {
 *   for (const file of files) await (await model.view(file, { policy })).release();
 * });
 * ```
 */
export async function calibrateOn(
  checkpoint: NammCheckpoint,
  read: (policy: EvictionPolicy) => Promise<void>,
): Promise<NammCheckpoint> {
  const { headBias: _, ...plain } = checkpoint;
  const { decay, keys = [] } = plain.features;
  const { updateInterval } = plain.policy;
  const collector = new SpectrumCollector({ updateInterval, decay, keys });
  await read(collector.policy);
  const calibrated = calibrate(plain, collector.statistics, 'per-head');
  return { ...calibrated, provenance: { ...calibrated.provenance, normaliser: 'calibrated' } };
}
