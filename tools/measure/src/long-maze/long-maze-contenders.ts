import { createContender, type MemoryContender } from '@namm/control';
import { InvalidArgumentError } from '@namm/core';
import { readCheckpoint } from '@namm/namm';

const allowed = ['namm', 'sink-recent', 'newest-steps', 'window'];

/**
 * Ways to remember that go by the order of tokens and what they are, never by how long ago they were or how many there
 * have been: for them a state that comes again is followed by what followed it before.
 *
 * @param names `namm`, `sink-recent`, `newest-steps:20`, `window:20`
 * @param budget rows per head
 * @param checkpoint of the NAMM
 * @throws {InvalidArgumentError} for another name, or a NAMM that sees age or where tokens stand
 */
export async function longMazeContenders(
  names: readonly string[],
  budget: number,
  checkpoint: string,
): Promise<MemoryContender[]> {
  for (const name of names) {
    if (allowed.includes(name.split(':')[0]!) && !name.startsWith('namm:')) continue;
    throw new InvalidArgumentError('policies', `'${name}' is none of ${allowed.join(', ')}`);
  }
  if (names.includes('namm')) {
    const { scorer, features, policy } = await readCheckpoint(checkpoint);
    const seesAge = (scorer.visible?.[0] ?? 0) < features.recency.dimension;
    const seesPlaces = features.keys?.some((key) => key.endsWith('nearby')) || policy.pooling;
    if (seesAge || seesPlaces) {
      const problem = `the NAMM of ${checkpoint} sees how old tokens are, or where they stand`;
      throw new InvalidArgumentError('checkpoint', problem);
    }
  }
  return Promise.all(names.map((name) => createContender(name, { budget, checkpoint })));
}
