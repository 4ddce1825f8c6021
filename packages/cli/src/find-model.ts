import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { NammError } from '@namm/core';

/** A model that was named on the command line cannot be used. */
export class ModelNameError extends NammError {
  constructor(name: string, problem: string) {
    super('MODEL_NAME', `${name} ${problem}`, { details: { model: name } });
  }
}

/** As on the hub: one slash, and names that begin with a letter or digit. */
const hubId = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

/**
 * Finds the folder of a model that was named on the command line.
 *
 * @returns the folder, or null when it is no folder but may be a model on the hub
 * @throws {ModelNameError} for what is neither
 */
export async function findModel(name: string): Promise<string | null> {
  const found = await stat(name).catch(() => null);
  if (found?.isDirectory()) return name;
  if (/\.gguf$/i.test(name)) {
    const needs = 'name the folder or hub id of the model that it was made from, with safetensors';
    throw new ModelNameError(name, `is a GGUF file, which is not read yet; ${needs}`);
  }
  if (found !== null) {
    const inside =
      (await stat(join(resolve(name), '..', 'config.json')).catch(() => null)) !== null;
    throw new ModelNameError(
      name,
      `is a file; name ${inside ? 'the folder that it is in' : "a model's folder"}`,
    );
  }
  if (hubId.test(name)) return null;
  throw new ModelNameError(
    name,
    'does not exist; name a folder, or a model of the hub as OWNER/NAME',
  );
}
