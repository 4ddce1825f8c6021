import { parameterCount, publishedBam } from '@namm/bam';
import { Random } from '@namm/core';
import { type NammCheckpoint, publishedFeatures } from '../checkpoint/checkpoint.js';

/** A model with random parameters, of which some tokens are worth keeping and some are not. */
export function randomCheckpoint(seed: number, updateInterval = 32): NammCheckpoint {
  const random = new Random(seed);
  const parameters = Float32Array.from(
    { length: parameterCount(publishedBam) },
    () => 0.2 * random.normal(),
  );
  return {
    scorer: publishedBam,
    parameters,
    normaliser: {
      shape: [17],
      // About what `randomAttention` gives.
      mean: new Float32Array(17).fill(0.014).fill(0.1, 0, 1).fill(0.05, 1, 3),
      variance: new Float32Array(17).fill(6e-4).fill(0.036, 0, 1).fill(0.008, 1, 3),
      count: Float64Array.of(1),
    },
    features: publishedFeatures,
    policy: { updateInterval, semantics: 'exact' },
    provenance: {},
  };
}
