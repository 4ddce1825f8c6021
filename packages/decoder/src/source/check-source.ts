import { InvalidArgumentError } from '@namm/core';
import type { ModelSource } from './model-source.js';

/**
 * Checks that something is a model from elsewhere, as far as one can see from outside.
 *
 * @throws {InvalidArgumentError} when it is not, or has no digest
 */
export function checkSource(model: ModelSource): ModelSource {
  const { name, spec, weights, digest } = model ?? {};
  if (typeof name !== 'string' || typeof spec !== 'object' || !(weights instanceof Map)) {
    const form = '{ name, spec, weights, digest }';
    throw new InvalidArgumentError('model', `is not the path of a folder, nor ${form}`);
  }
  if (typeof digest === 'string' && digest !== '') return model;
  const reason = 'without it, caches of other models would be taken for its own';
  throw new InvalidArgumentError('model.digest', `is not a text; ${reason}`);
}
