import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import type { Extension, ExtensionChoice } from './extension.js';
import type { NanobenchModel } from './nanobench-model.js';
import { readTunedExtensions, tunedExtensionsFile } from './tuned-extensions.js';

/** A model with the folder beside whose files its tuned extensions lie. */
export type TunedModel = NanobenchModel & { readonly folder: string };

/**
 * Extensions by model and factor, as `runNanobench` takes them; those that were tuned are read first.
 *
 * @param choices which
 * @param models that they are for
 * @param file of the tuned ones. @defaultValue beside each model
 * @throws {FileFormatError} when there is no such file, or it was tuned for another model
 * @throws {InvalidArgumentError} from what is returned, for a factor that was not tuned
 */
export async function chooseExtensions(
  choices: readonly ExtensionChoice[],
  models: readonly TunedModel[],
  file?: string,
): Promise<((model: NanobenchModel, factor: number) => Extension)[]> {
  const found = choices.includes('tuned')
    ? await Promise.all(
        models.map(({ folder, version }) =>
          readTunedExtensions(file ?? join(folder, tunedExtensionsFile), version),
        ),
      )
    : [];
  return choices.map((choice) => (model, factor) => {
    if (choice !== 'tuned') return choice;
    const best = found[models.findIndex(({ version }) => version === model.version)]?.best[factor];
    if (best !== undefined) return best;
    throw new InvalidArgumentError(
      'factors',
      `×${factor} was not tuned for ${model.name}; tune it`,
    );
  });
}
