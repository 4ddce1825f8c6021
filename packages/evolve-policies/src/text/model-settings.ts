import { checkChoice, checkNames, checkNumber } from '@namm/core';
import type { RopeScaling } from '@namm/decoder';
import type { TrainableSettings } from '../trainables/trainable-settings.js';

/** A model, and how to run it. */
export interface ModelSettings {
  readonly folder: string;
  /** How it reads beyond its training length. @defaultValue as it was trained */
  readonly ropeScaling?: RopeScaling;
}

/** What a {@link TextAssessor} is made from. Plain data, so that a worker thread can be told. */
export interface TextAssessorSettings {
  readonly model: ModelSettings;
  readonly trainable: TrainableSettings;
}

/**
 * Checks what can be checked without the model.
 *
 * @throws {InvalidArgumentError} naming the setting that cannot be used
 */
export function checkModel(model: ModelSettings): void {
  const { ropeScaling } = checkNames('model', model, ['folder', 'ropeScaling']);
  if (ropeScaling === undefined) return;
  const { factor, kind, alpha, logitFactor } = checkNames('ropeScaling', ropeScaling, [
    ...(['factor', 'kind', 'alpha', 'logitFactor'] as const),
  ]);
  checkNumber('ropeScaling.factor', factor, atLeastOne, 'a number of at least 1');
  if (kind !== undefined) checkChoice('ropeScaling.kind', kind, ['ntk', 'yarn']);
  for (const [name, value = 1] of Object.entries({ alpha, logitFactor })) {
    checkNumber(`ropeScaling.${name}`, value, positive, 'a number above 0');
  }
}

const atLeastOne = (value: number) => value >= 1 && Number.isFinite(value);
const positive = (value: number) => value > 0 && Number.isFinite(value);
