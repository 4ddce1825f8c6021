import { InvalidArgumentError } from '@namm/core';
import { type TaughtName, taughtFile, taughtNames } from '@namm/models';
import { readTaught, type TaughtCheckpoint } from './taught-file.js';

/**
 * Reads a taught scorer by its name or from its file.
 *
 * @param checkpoint name of a scorer of `@namm/models`, or path of a file written by `bench fit`
 * @throws {InvalidArgumentError} when it is missing
 * @throws {FileFormatError} when the file is not a taught scorer, or damaged
 */
export async function openTaught(checkpoint: string): Promise<TaughtCheckpoint> {
  if (typeof checkpoint !== 'string') {
    const problem = `is missing; name a file, or one of ${taughtNames.join(', ')}`;
    throw new InvalidArgumentError('checkpoint', problem);
  }
  const isName = (taughtNames as readonly string[]).includes(checkpoint);
  return readTaught(isName ? taughtFile(checkpoint as TaughtName) : checkpoint);
}
