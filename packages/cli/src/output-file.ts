import { mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';

/**
 * The path of a file that is written in the end, in a folder that is there already and may be written: that it cannot be
 * must not be found out when hours of work are to be written.
 */
export const outputFile = (path: string): string => {
  if (path.trim() === '') throw new InvalidArgumentError('no file is named.');
  const folder = dirname(resolve(path));
  if (kindOf(folder) !== 'folder') throw new InvalidArgumentError(`there is no folder ${folder}.`);
  if (kindOf(resolve(path)) === 'folder') {
    throw new InvalidArgumentError(`'${path}' is a folder; name a file in it.`);
  }
  checkWritable(folder);
  return path;
};

/** The path of a folder that results are written to, there already or in one that is. */
export const outputFolder = (path: string): string => {
  if (path.trim() === '') throw new InvalidArgumentError('no folder is named.');
  let place = resolve(path);
  while (kindOf(place) === null && dirname(place) !== place) place = dirname(place);
  if (kindOf(place) !== 'folder') throw new InvalidArgumentError(`${place} is not a folder.`);
  checkWritable(place);
  return path;
};

/** By trying: what permissions say is not all that there is to know. */
function checkWritable(folder: string): void {
  try {
    rmdirSync(mkdtempSync(join(folder, '.namm-')));
  } catch {
    throw new InvalidArgumentError(`the folder ${folder} may not be written.`);
  }
}

/** What cannot be looked at, because a part of its path is a file or closed to us, is not there. */
function kindOf(path: string): 'folder' | 'other' | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? null : found.isDirectory() ? 'folder' : 'other';
  } catch {
    return null;
  }
}
