import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';

/**
 * The path of a file that is written in the end, in a folder that is there already: that it is missing must not be found
 * out when hours of work are to be written.
 */
export const outputFile = (path: string): string => {
  const kindOf = (place: string) => statSync(place, { throwIfNoEntry: false });
  if (path.trim() === '') throw new InvalidArgumentError('no file is named.');
  const folder = dirname(resolve(path));
  if (!safely(() => kindOf(folder)?.isDirectory())) {
    throw new InvalidArgumentError(`there is no folder ${folder}.`);
  }
  if (safely(() => kindOf(resolve(path))?.isDirectory())) {
    throw new InvalidArgumentError(`'${path}' is a folder; name a file in it.`);
  }
  return path;
};

/** What cannot be looked at, because a part of its path is a file or closed to us, is not there. */
function safely(look: () => boolean | undefined): boolean {
  try {
    return look() ?? false;
  } catch {
    return false;
  }
}
