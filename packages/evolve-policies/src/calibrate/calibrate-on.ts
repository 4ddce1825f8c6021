import type { EvictionPolicy } from '@namm/kv-cache';
import { calibrate, type NammCheckpoint, SpectrumCollector } from '@namm/namm';

/**
 * Adapts a NAMM to any kind of model input, such as videos: measures the statistics of its features, head by head,
 * while the caller reads. A bias per head is dropped, because the new model has other heads.
 *
 * @param checkpoint of another model
 * @param read feeds the model typical input under the given policy, which keeps everything and has the probe of any
 *   NAMM
 * @throws {InvalidArgumentError} when the input does not reach the NAMM's first update
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
