import { statSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';

/** The path of a file that is read, and that is there: it must not be missed when a model has been loaded. */
export const inputFile = (path: string): string => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return path;
  const problem = found === undefined ? 'does not exist' : 'is not a file';
  throw new InvalidArgumentError(`${path} ${problem}.`);
};
