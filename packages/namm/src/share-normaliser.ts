import { SpectrumStatistics } from '@namm/features';
import type { NammCheckpoint } from './checkpoint/checkpoint.js';

/**
 * The same NAMM with one mean and variance per frequency, pooled over all heads of its model, instead of one per head.
 * Per-head statistics do not fit another model; pooled ones can be used there ("frozen"), well suited or not.
 * {@link calibrate} measures new ones instead. A bias per head does not fit another model either, and is dropped.
 *
 * @example
 * ```ts
 * const frozen = shareNormaliser(checkpoint); // has the normaliser's shape [17]
 * ```
 */
export function shareNormaliser(checkpoint: NammCheckpoint): NammCheckpoint {
  const { headBias, ...rest } = checkpoint;
  const { shape, count, mean, variance } = checkpoint.normaliser;
  if (shape.length === 1) return headBias ? rest : checkpoint;
  const size = { layers: shape[0]!, heads: shape[1]!, keys: checkpoint.features.keys?.length ?? 0 };
  const statistics = new SpectrumStatistics(size);
  statistics.merge({
    ...{ ...size, count },
    mean: Float64Array.from(mean),
    variance: Float64Array.from(variance),
  });
  return { ...rest, normaliser: statistics.normaliser('shared') };
}
