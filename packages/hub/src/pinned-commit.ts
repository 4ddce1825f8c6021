import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A hidden file of the cache folder. */
const name = '.commit';

/**
 * The commit that the files of a cache folder come from, when that is known. A branch can move between two
 * downloads, and shards of two commits must not meet in one folder: the first download decides.
 */
export async function pinnedCommit(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => '');
  return /^[0-9a-f]{40}$/.test(text) ? text : null;
}

/** Pins a folder to a commit, unless another process was quicker. @returns the commit that holds */
export async function pinCommit(folder: string, commit: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), commit, { flag: 'wx' }).catch(() => {});
  return (await pinnedCommit(folder)) ?? commit;
}
