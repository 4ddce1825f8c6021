import { SpectrumStatistics } from '@namm/features';
import type { NammCheckpoint } from './checkpoint/checkpoint.js';

/**
 * The same NAMM with one mean and variance per frequency instead of each head's own: those of all heads of its
 * model together. Statistics of single heads fit no other model; these do ("frozen"), if they suit it or not.
 * {@link calibrate} measures anew instead. A bias per head fits no other model either, and is left out.
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
