import { isAllFinite } from '../step/is-all-finite.js';
import type { ModelFolder } from './model-folder.js';

/** Name of the first tensor of a folder that holds NaN or infinity, or null. Reads all weights. */
export async function findNonFiniteTensor(folder: ModelFolder): Promise<string | null> {
  for (const [name, { file, entry }] of folder.tensors) {
    const isFloat = entry.dtype.startsWith('F') || entry.dtype === 'BF16';
    if (isFloat && !isAllFinite(await file.readFloat32(name))) return name;
  }
  return null;
}
