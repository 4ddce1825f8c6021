import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs something in a temporary folder. `inFolder` of @namm/testing, which stands on this package, cannot be used here. */
export async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'namm-tensors-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Path of a file in `__fixtures__`. */
export const fixture = (name: string) =>
  new URL(`../__fixtures__/${name}`, import.meta.url).pathname;
