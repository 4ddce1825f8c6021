import { readFile, writeFile } from 'node:fs/promises';
import { NammError, Random } from '@namm/core';
import { expect } from 'vitest';

/**
 * Flips one bit of a file at a time, anywhere in it: each is refused, by an error of ours in one line that names the
 * file, or changes nothing that is read.
 *
 * @param path of a file that `read` takes; it stands as it was afterwards
 * @param read gives all that the file says
 * @param options `flips`: how many bits; `seed`: which
 */
export async function expectFlipsSeen(
  path: string,
  read: (path: string) => Promise<unknown>,
  { flips = 200, seed = 1 } = {},
): Promise<void> {
  const whole = await readFile(path);
  const wanted = await read(path);
  const random = new Random(seed);
  let refused = 0;
  try {
    for (let i = 0; i < flips; i++) {
      const bit = random.integer(whole.length * 8);
      const damaged = Uint8Array.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await writeFile(path, damaged);
      let found: unknown;
      try {
        found = await read(path);
      } catch (error) {
        refused++;
        if (!NammError.isInstance(error)) throw error;
        expect(error.message).not.toContain('\n');
        expect(error.message).toContain(path);
        continue;
      }
      expect(found, `bit ${bit}`).toEqual(wanted);
    }
  } finally {
    await writeFile(path, whole);
  }
  expect(refused).toBeGreaterThan(flips / 2);
}
