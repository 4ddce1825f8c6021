import { InvalidArgumentError } from '@namm/core';
import type { Normaliser } from '@namm/features';
import { full } from '@namm/kv-cache';
import { keyNormPolicy } from './key-norm-policy.js';
import type { Trainable } from './trainable.js';
import type { KeyNormTrainableSettings } from './trainable-settings.js';

/** {@link keyNormPolicy} with evolved weights: norm, age, bias; then a bias per head, if asked for. All 0 keeps everything. */
export function keyNormTrainable(
  { updateInterval, headBias = [0, 0] }: KeyNormTrainableSettings,
  normaliser: Normaliser,
): Trainable {
  const [layers, heads] = headBias;
  const dimension = 3 + layers * heads;
  return {
    name: 'key-norm',
    dimension,
    start: () => new Float64Array(dimension),
    policy(parameters) {
      if (parameters.length !== dimension) {
        const problem = `there are ${parameters.length}, not ${dimension}`;
        throw new InvalidArgumentError('parameters', problem);
      }
      const [norm, age, bias, ...values] = parameters;
      return keyNormPolicy({
        ...{ weights: [norm!, age!, bias!], normaliser, updateInterval },
        ...(values.length > 0 && { headBias: { heads, values } }),
      });
    },
    reader: full, // the policies remember nothing
    shifted(parameters, shift) {
      const result = parameters.slice();
      result[2]! += shift;
      return result;
    },
    checkpoint: () => null,
  };
}
