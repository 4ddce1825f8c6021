import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelName, modelFolder } from './model-folder.js';

/**
 * Paths of the NAMM checkpoints that were evolved for a bundled model, by name: files `namm*.safetensors` in its
 * folder. Empty when there is none.
 *
 * @throws {InvalidArgumentError} when there is no model of that name
 *
 * @example
 * ```ts
 * const [first] = nammCheckpoints('nano-llama');
 * ```
 */
export function nammCheckpoints(name: ModelName): string[] {
  const folder = modelFolder(name);
  return readdirSync(folder)
    .filter((file) => /^namm.*\.safetensors$/.test(file))
    .sort()
    .map((file) => join(folder, file));
}
