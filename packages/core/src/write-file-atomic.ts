import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const problems: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOSPC: 'there is no room left on its disk',
  EROFS: 'its disk cannot be written',
  EISDIR: 'it is a folder',
  ENOTEMPTY: 'it is a folder',
};

/** The file system's error with its code, but of the file that was asked for: nobody knows of the temporary one. */
function named(cause: unknown, path: string): unknown {
  const { code, syscall } = cause as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return cause; // of the pieces
  const folder = dirname(path);
  const problem = existsSync(folder)
    ? (problems[code] ?? `its folder takes no files (${code})`)
    : `there is no folder ${folder}`;
  const error = new Error(`${path} cannot be written: ${problem}`, { cause });
  return Object.assign(error, { code, syscall });
}

/** Makes a rename survive a power cut. Some systems cannot open folders; nothing is lost there. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  if (!handle) return;
  try {
    await handle.sync();
  } catch {
    // not supported by this file system
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that readers see the old one or the whole new one, never a part: into a temporary
 * file beside it, flushed to the disk, then renamed. A link at `path` is replaced, not followed.
 *
 * @param data the content, or its pieces in order (so that large files need not be in memory at once)
 * @throws the file system's error, with its code, naming `path`; the temporary file is removed and the old one still stands
 *
 * @example
 * ```ts
 * await writeFileAtomic('run/state.json', JSON.stringify(state));
 * ```
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const pieces = typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
  const handle = await open(temporary, 'wx').catch((error: unknown) => {
    throw named(error, path);
  });
  try {
    try {
      // Each writeFile continues where the last one stopped.
      for await (const piece of pieces) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw named(error, path);
  }
  await syncFolder(folder);
}
