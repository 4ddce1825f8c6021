import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, noneOf } from '@namm/core';

/** The digest of weights and configuration that each scorer of this package was taught on. */
const models = {
  'smollm2-135m-instruct': '2e2024ff5c2c0aeea59e9d34f152efe33264e0abc19b3a5be1ce12d972fa4913',
  'nano-llama': 'fc8c743a71532dae432b8bb9c322200912e602e571d6d29d2f39e334ef191661',
  'nano-llama-2': 'a6488a65dbb661e5ed4b90236b8dc93a3acafb72727605befeec548fe5e35be8',
  'nano-qwen3': '1b540d42d81422ae56d5d778abcf4efa27cfae87f0194879f2a2e11fd04c3838',
} as const;

export type TaughtName = keyof typeof models;

/** Names of the taught scorers in this package. */
export const taughtNames = Object.keys(models) as readonly TaughtName[];

/**
 * The file of a taught scorer, for `taught` of `@namm/teach`; beside it lies its card.
 *
 * @throws {InvalidArgumentError} when there is no scorer of that name
 */
export function taughtFile(name: TaughtName): string {
  if (!Object.hasOwn(models, name)) {
    throw new InvalidArgumentError('name', noneOf(name, taughtNames));
  }
  return fileURLToPath(new URL(`../taught/${name}.safetensors`, import.meta.url));
}

/**
 * The scorer that was taught on a model, or null when none of this package was.
 *
 * @param weights digest of the model: `cacheShape.weights` of a decoder
 * @example
 * ```ts
 * const name = taughtNameFor(decoder.cacheShape.weights);
 * ```
 */
export function taughtNameFor(weights: string | undefined): TaughtName | null {
  return taughtNames.find((name) => models[name] === weights) ?? null;
}
