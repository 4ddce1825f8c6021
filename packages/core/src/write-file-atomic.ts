import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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
 * @throws the file system's error; the temporary file is removed and the old file still stands
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
  const handle = await open(temporary, 'wx');
  try {
    try {
      // Each writeFile goes on where the last one stopped.
      for await (const piece of pieces) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}
