import { InvalidArgumentError, type Normaliser } from '@namm/core';
import { keyNormPolicy } from './key-norm-policy.js';
import type { Trainable } from './trainable.js';
import type { KeyNormTrainableSettings } from './trainable-settings.js';

/** {@link keyNormPolicy} with evolved weights: norm, age, bias. All 0 keeps everything. */
export function keyNormTrainable(
  { updateInterval }: KeyNormTrainableSettings,
  normaliser: Normaliser,
): Trainable {
  return {
    name: 'key-norm',
    dimension: 3,
    start: () => new Float64Array(3),
    policy(parameters) {
      if (parameters.length !== 3) {
        throw new InvalidArgumentError('parameters', `there are ${parameters.length}, not 3`);
      }
      const [norm, age, bias] = parameters;
      return keyNormPolicy({ weights: [norm!, age!, bias!], normaliser, updateInterval });
    },
    shifted: ([norm, age, bias], shift) => Float64Array.of(norm!, age!, bias! + shift),
    checkpoint: () => null,
  };
}
