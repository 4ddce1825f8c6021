import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ModelName, modelFolder } from './model-folder.js';

/**
 * Paths of the NAMM checkpoints that were evolved for a bundled model. Empty when there is none.
 *
 * @throws {InvalidArgumentError} when there is no model of that name
 *
 * @example
 * ```ts
 * const [first] = nammCheckpoints('nano-llama');
 * ```
 */
export function nammCheckpoints(name: ModelName): string[] {
  return checkpointsIn(modelFolder(name));
}

/**
 * Paths of the NAMM checkpoints that lie beside any model: the files `namm*.safetensors` of its folder, or of the one
 * that a GGUF file is in, by name.
 *
 * @throws the file system's error when there is no such folder
 */
export function checkpointsIn(folder: string): string[] {
  const place = statSync(folder).isFile() ? dirname(folder) : folder;
  return readdirSync(place)
    .filter((file) => /^namm.*\.safetensors$/.test(file))
    .sort()
    .map((file) => join(place, file));
}
