import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';

export const singleFile = 'model.safetensors';
export const indexFile = 'model.safetensors.index.json';

/** Files of a folder, by name, with their bytes. */
export type FileSizes = ReadonlyMap<string, number>;

/**
 * The weight files of a folder, and their index.
 *
 * @returns null when they are not all there
 * @throws {FileFormatError} when the index cannot be read
 */
export async function presentWeights(folder: string): Promise<FileSizes | null> {
  const whole = await sizes(folder, [singleFile]);
  if (whole) return whole;
  if (!(await sizes(folder, [indexFile]))) return null;
  return sizes(folder, [indexFile, ...(await readShards(folder))]);
}

/** Sizes of files of a folder, links followed; null when one of them is missing. */
export async function sizes(folder: string, files: readonly string[]): Promise<FileSizes | null> {
  const found = new Map<string, number>();
  for (const file of files) {
    const facts = await stat(join(folder, file)).catch(() => null);
    if (!facts?.isFile()) return null;
    found.set(file, facts.size);
  }
  return found;
}

/**
 * The shards that the index of a folder names.
 *
 * @throws {FileFormatError} when the index cannot be used
 */
export async function readShards(folder: string): Promise<string[]> {
  const path = join(folder, indexFile);
  let map: unknown;
  try {
    map = JSON.parse(await readFile(path, 'utf8'))?.weight_map;
  } catch (cause) {
    throw new FileFormatError(path, 'cannot be read; delete it and load again.', { cause });
  }
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new FileFormatError(path, 'weight_map is not an object from tensor to file name.');
  }
  const names = [...new Set(Object.values(map))].sort();
  for (const name of names) {
    // The index comes from a hub: a name with a path could write to any file of the machine.
    if (typeof name === 'string' && /^[\w.-]+\.safetensors$/.test(name) && !name.includes('..'))
      continue;
    throw new FileFormatError(path, `${JSON.stringify(name)} is not a plain .safetensors name.`);
  }
  return names as string[];
}
