import { parameterCount, parameterLayout } from '@namm/bam';
import { InvalidArgumentError } from '@namm/core';
import type { Normaliser } from '@namm/features';
import { type HeadBias, type NammCheckpoint, namm } from '@namm/namm';
import type { Trainable } from './trainable.js';
import type { NammTrainableSettings } from './trainable-settings.js';

/**
 * A NAMM whose scorer's parameters are evolved, unless they are given, and its head bias where there is one, behind
 * them; the normaliser is frozen. All 0 keeps everything when the scorer is evolved.
 */
export function nammTrainable(settings: NammTrainableSettings, normaliser: Normaliser): Trainable {
  const { scorer, features, policy } = settings;
  const fixed = settings.scorerParameters;
  const scorerSize = fixed ? 0 : parameterCount(scorer);
  const [layers, heads] = settings.headBias ?? [0, 0];
  const dimension = scorerSize + layers * heads;
  const bias = parameterLayout(scorer).find(({ name }) => name === 'score.bias');
  const headBiasOf = (parameters: Float64Array): HeadBias => {
    const scale = headBiasScale(settings);
    const values = Float32Array.from(parameters.subarray(scorerSize), (value) => scale * value);
    return { layers, heads, values };
  };
  const checkpointOf = (
    parameters: Float64Array,
    provenance: NammCheckpoint['provenance'],
  ): NammCheckpoint => {
    if (parameters.length !== dimension) {
      const problem = `there are ${parameters.length}, not ${dimension}`;
      throw new InvalidArgumentError('parameters', problem);
    }
    return {
      ...{ scorer, normaliser, features, policy, provenance },
      parameters: Float32Array.from(fixed ?? parameters.subarray(0, scorerSize)),
      ...(settings.headBias && { headBias: headBiasOf(parameters) }),
    };
  };
  return {
    name: fixed ? 'head-bias' : scorer.kind === 'bam' ? 'namm' : scorer.kind,
    dimension,
    start: () => new Float64Array(dimension),
    policy: (parameters) => namm(checkpointOf(parameters, {})),
    reader: () => namm(checkpointOf(new Float64Array(dimension), {}), { updateInterval: never }),
    shifted(parameters, shift) {
      if (fixed) return parameters.map((value) => value + shift / headBiasScale(settings));
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

/** No sequence reaches so many tokens; a multiple of every hop. */
const never = 2 ** 40;

/** So that a step of one head's bias counts for as much as the same step of every weight of a token's features. */
export function headBiasScale({ scorer }: NammTrainableSettings): number {
  return Math.sqrt(scorer.features);
}
