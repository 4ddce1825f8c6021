import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelFolderError } from '../../errors.js';

/**
 * The GGUF file that a path means: itself, or the one that a folder without safetensors holds.
 *
 * @param path a file or a folder
 * @returns null when it means none
 * @throws {ModelFolderError} when a folder holds several, naming them
 */
export async function ggufAt(path: string): Promise<string | null> {
  if (/\.gguf$/i.test(path)) return path;
  const names = await readdir(path).catch((): string[] => []);
  if (names.some((name) => /^model\.safetensors(\.index\.json)?$/.test(name))) return null;
  const models = names.filter(isModel).sort();
  if (models.length < 2) return models.length === 0 ? null : join(path, models[0]!);
  const problem = `holds several GGUF files: ${models.join(', ')}. Name one of them.`;
  throw new ModelFolderError(path, problem);
}

/** Of a split model the first part counts; a projector of pictures is not a model. */
function isModel(name: string): boolean {
  const [, part] = /-(\d{5})-of-\d{5}\.gguf$/i.exec(name) ?? [];
  return /\.gguf$/i.test(name) && !/mmproj/i.test(name) && (part ?? '00001') === '00001';
}
