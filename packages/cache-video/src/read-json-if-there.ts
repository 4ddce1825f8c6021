import { readFile } from 'node:fs/promises';
import { ModelFolderError } from '@namm/decoder';

/**
 * The object that a JSON file holds, or null when there is no such file.
 *
 * @throws {ModelFolderError} when it cannot be read, or holds something else
 */
export async function readJsonIfThere(file: string): Promise<Record<string, unknown> | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new ModelFolderError(file, 'cannot be read; fetch the file again.', { cause });
  }
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (cause) {
    throw new ModelFolderError(file, 'is not valid JSON; fetch the file again.', { cause });
  }
  throw new ModelFolderError(file, 'does not hold a JSON object.');
}
