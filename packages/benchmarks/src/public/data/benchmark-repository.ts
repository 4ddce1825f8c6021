import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import { checkIsContent } from './git-lfs.js';

/**
 * A text file of a benchmark's own repository, which the user has a copy of: prompts are part of a benchmark, and belong
 * to its authors.
 *
 * @param folder the copy, or the folder in it that holds the file
 * @param paths where the file may be, the place in the repository first
 * @throws {FileFormatError} when it is at none of them
 */
export async function repositoryFile(
  folder: string,
  paths: readonly string[],
): Promise<{ readonly path: string; readonly text: string }> {
  for (const each of paths) {
    const path = join(folder, each);
    if (!existsSync(path)) continue;
    const text = await readFile(path, 'utf8');
    checkIsContent(path, text);
    return { path, text };
  }
  const problem = `holds no ${paths[0]}; name a copy of the benchmark's repository`;
  throw new FileFormatError(folder, problem);
}
