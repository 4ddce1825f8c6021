import { mkdir, readdir, realpath, rm, stat, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** All files together, in bytes; what was not used for longest goes first. */
const mostBytes = 16 * 2 ** 30;

/** What stays free on the disk. */
const freeBytes = 2 ** 30;

/** A temporary file as old is one that a process left when it was killed. */
const leftAfter = 24 * 60 * 60 * 1000;

const nameOf = /^[\da-f]{64}\.weights$/;
const temporary = /^\.[\da-f]{64}\.weights\.[\da-f]+\.tmp$/;

/**
 * Where prepared weights are kept unless a caller says otherwise: what the environment variable `NAMM_PREPARED_WEIGHTS`
 * names (`off` for nowhere), else `namm/prepared` in the user's cache folder.
 *
 * @returns the folder, or null for none
 */
export function defaultPreparedFolder(): string | null {
  const named = process.env.NAMM_PREPARED_WEIGHTS;
  if (named === 'off') return null;
  return named || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'namm', 'prepared');
}

/**
 * Makes the folder where there is none.
 *
 * @returns the folder itself, no link, since ONNX Runtime follows none; null when it cannot be
 */
export async function openPreparedFolder(folder: string): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true });
    return await realpath(folder);
  } catch {
    return null;
  }
}

/**
 * Makes room for a file, by removing those that were not used for longest.
 *
 * @param folder that holds nothing but prepared weights
 * @param bytes of the file to come
 * @param limit for all files together
 * @returns whether there is room
 */
export async function makeRoom(folder: string, bytes: number, limit = mostBytes): Promise<boolean> {
  if (bytes > limit) return false;
  const files: { path: string; size: number; used: number }[] = [];
  for (const name of await readdir(folder)) {
    if (!nameOf.test(name) && !temporary.test(name)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => null); // another process may have removed it
    if (found === null) continue;
    if (nameOf.test(name)) files.push({ path, size: found.size, used: found.mtimeMs });
    else if (Date.now() - found.mtimeMs > leftAfter) await rm(path, { force: true });
  }
  files.sort((a, b) => a.used - b.used);
  let held = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of files) {
    if (held + bytes <= limit) break;
    await rm(path, { force: true });
    held -= size;
  }
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= bytes + freeBytes;
}
