import { parameterLayout, type ScorerSettings } from '@namm/bam';
import { InvalidArgumentError } from '@namm/core';
import type { NammCheckpoint } from '@namm/namm';
import { headBiasScale } from './namm-trainable.js';
import type { NammTrainableSettings } from './trainable-settings.js';

/**
 * The parameters with which a trainable decides as a checkpoint does: those of the same scorer; of one that sees less,
 * to which the features it lacks count for nothing; of a linear one in BAM, whose attention then changes nothing. A
 * head bias that the checkpoint lacks is 0. Statistics, pooling and update interval are the trainable's own.
 *
 * @throws {InvalidArgumentError} when the trainable cannot do what the checkpoint does
 */
export function parametersOf(
  settings: NammTrainableSettings,
  { scorer, parameters, features, headBias }: NammCheckpoint,
): Float64Array {
  const { keys: _, ...rest } = features;
  const { keys: __, ...wanted } = settings.features;
  const own = features.keys ?? [];
  const isPart = own.every((key, i) => settings.features.keys?.[i] === key);
  if (JSON.stringify(rest) !== JSON.stringify(wanted) || !isPart) {
    throw unfit(`sees ${JSON.stringify(features)}`);
  }
  const [layers, heads] = settings.headBias ?? [0, 0];
  if (headBias && (headBias.layers !== layers || headBias.heads !== heads)) {
    throw unfit(`has a head bias for ${headBias.layers} layers of ${headBias.heads} heads`);
  }
  const scale = headBiasScale(settings);
  const biases = headBias ?? { values: new Float32Array(layers * heads) };
  return Float64Array.of(
    ...(settings.scorerParameters ? [] : embed(scorer, parameters, settings.scorer)),
    ...Array.from(biases.values, (value) => value / scale),
  );
}

/** The parameters of one scorer in another one's layout. */
function embed(from: ScorerSettings, parameters: Float32Array, to: ScorerSettings): Float64Array {
  const target = parameterLayout(to);
  const result = new Float64Array(
    target.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
  );
  const isSame =
    JSON.stringify({ ...from, features: 0 }) === JSON.stringify({ ...to, features: 0 });
  const isGrown = isSame && (from.kind !== 'mlp' || from.features === to.features);
  const isLinearInBam = from.kind === 'linear' && to.kind === 'bam';
  if (!isGrown && !isLinearInBam) throw unfit(`has the scorer ${JSON.stringify(from)}`);
  for (const { name, offset, shape } of parameterLayout(from)) {
    const place = target.find((slice) => slice.name === name);
    if (place === undefined) throw unfit(`has ${name}`);
    const columns = shape.at(-1)!;
    const count = shape.reduce((product, size) => product * size, 1);
    for (let i = 0; i < count; i++) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      // Columns of `out` are the residuals of all features, then their multipliers.
      const isMultiplier = name.startsWith('out.') && column >= from.features;
      const at = isMultiplier ? column - from.features + to.features : column;
      result[place.offset + row * place.shape.at(-1)! + at] = parameters[offset + i]!;
    }
  }
  return result;
}

function unfit(problem: string): InvalidArgumentError {
  return new InvalidArgumentError('start', `the checkpoint ${problem}; choose its trainable`);
}
