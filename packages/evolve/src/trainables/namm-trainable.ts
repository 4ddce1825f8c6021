import { type NammCheckpoint, parameterCount, parameterLayout } from '@namm/bam';
import { InvalidArgumentError, type Normaliser } from '@namm/core';
import { namm } from '@namm/namm';
import type { Trainable } from './trainable.js';
import type { NammTrainableSettings } from './trainable-settings.js';

/** A NAMM whose scorer's parameters are evolved; the normaliser is frozen. All 0 keeps everything. */
export function nammTrainable(
  { scorer, features, policy }: NammTrainableSettings,
  normaliser: Normaliser,
): Trainable {
  const dimension = parameterCount(scorer);
  const bias = parameterLayout(scorer).find(({ name }) => name === 'score.bias');
  const checkpointOf = (
    parameters: Float64Array,
    provenance: NammCheckpoint['provenance'],
  ): NammCheckpoint => ({
    ...{ scorer, normaliser, features, policy, provenance },
    parameters: Float32Array.from(parameters),
  });
  return {
    name: scorer.kind === 'bam' ? 'namm' : scorer.kind,
    dimension,
    start: () => new Float64Array(dimension),
    policy: (parameters) => namm(checkpointOf(parameters, {})),
    shifted(parameters, shift) {
      if (bias === undefined) {
        throw new InvalidArgumentError('biasShift', `a scorer '${scorer.kind}' here has no bias`);
      }
      const result = parameters.slice();
      result[bias.offset]! += shift;
      return result;
    },
    checkpoint: checkpointOf,
  };
}
