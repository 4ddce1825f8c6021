import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, noneOf } from '@namm/core';

/** Names of the models in this package. */
export const modelNames = ['nano-llama', 'nano-llama-2', 'nano-qwen3'] as const;

export type ModelName = (typeof modelNames)[number];

/**
 * The folder of a bundled model, in Hugging Face layout; its `README.md` is the model card.
 *
 * @throws {InvalidArgumentError} when there is no model of that name
 *
 * @example
 * ```ts
 * const decoder = await Decoder.load(modelFolder('nano-llama'));
 * ```
 */
export function modelFolder(name: ModelName): string {
  if (!modelNames.includes(name)) {
    throw new InvalidArgumentError('name', noneOf(name, modelNames));
  }
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
