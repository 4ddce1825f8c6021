import { InvalidArgumentError } from '@namm/core';
import { findNormaliserProblem, type Normaliser, type NormaliserScope } from '@namm/features';
import { type NammCheckpoint, normalisedFeatures } from '@namm/namm';
import { createTrainable } from './create-trainable.js';
import { parametersOf } from './parameters-of.js';
import type { TrainableSettings } from './trainable-settings.js';

/** A warm start. */
export interface StartSettings {
  /** Where the parameters come from; for the record. */
  readonly checkpoint: string;
  readonly parameters: readonly number[];
  /** Added to the output bias: above 0 keeps more. */
  readonly biasShift: number;
  /** Its statistics, for the normaliser scope `start`. */
  readonly normaliser?: StartNormaliser;
}

/** A `Normaliser` as plain data. */
export interface StartNormaliser {
  readonly shape: readonly number[];
  readonly mean: readonly number[];
  readonly variance: readonly number[];
  readonly count: readonly number[];
}

/**
 * A start that decides as a checkpoint does.
 *
 * @param scope `start` where its statistics are taken along
 * @throws {InvalidArgumentError} when what is evolved cannot do that
 */
export function startFrom(
  { file, biasShift }: { readonly file: string; readonly biasShift: number },
  trainable: TrainableSettings,
  checkpoint: NammCheckpoint,
  scope: NormaliserScope | 'start',
): StartSettings {
  if (trainable.kind !== 'namm') {
    throw new InvalidArgumentError('start', `${file}: only a NAMM starts from a checkpoint`);
  }
  try {
    const { shape, mean, variance, count } = checkpoint.normaliser;
    const normaliser = {
      ...{ shape, mean: [...mean], variance: [...variance] },
      count: [...count],
    };
    return {
      ...{ checkpoint: file, parameters: [...parametersOf(trainable, checkpoint)], biasShift },
      ...(scope === 'start' && { normaliser }),
    };
  } catch (cause) {
    throw new InvalidArgumentError('start', `${file}: ${(cause as Error).message}`, { cause });
  }
}

/** The mean that the search begins with. */
export function startMean(what: TrainableSettings, start: StartSettings | null): Float64Array {
  const trainable = createTrainable(what, unitNormaliser(normalisedBy(what)));
  if (start === null) return trainable.start();
  if (start.parameters.length !== trainable.dimension) {
    const problem = `has ${start.parameters.length} parameters, not ${trainable.dimension}`;
    throw new InvalidArgumentError('start', `${start.checkpoint} ${problem}`);
  }
  const mean = Float64Array.from(start.parameters);
  return start.biasShift === 0 ? mean : trainable.shifted(mean, start.biasShift);
}

/** Features of a trainable that are normalised. */
function normalisedBy(trainable: TrainableSettings): number {
  return trainable.kind === 'namm' ? normalisedFeatures(trainable.features) : 1;
}

/** Changes nothing: for what of a trainable does not depend on statistics. */
function unitNormaliser(features: number): Normaliser {
  const [mean, variance] = [new Float32Array(features), new Float32Array(features).fill(1)];
  return { shape: [features], mean, variance, count: Float64Array.of(1) };
}

/**
 * The statistics of a start.
 *
 * @throws {InvalidArgumentError} when they are not those of what is evolved
 */
export function startNormaliser(trainable: TrainableSettings, start: StartSettings): Normaliser {
  const { shape, mean, variance, count } = start.normaliser!;
  const normaliser = {
    ...{ shape, mean: Float32Array.from(mean), variance: Float32Array.from(variance) },
    count: Float64Array.from(count),
  };
  const problem = findNormaliserProblem(normaliser, normalisedBy(trainable));
  if (problem === null) return normaliser;
  throw new InvalidArgumentError('start.normaliser', problem);
}
