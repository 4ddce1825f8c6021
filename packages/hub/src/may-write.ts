import { open, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { FileFacts } from './file-facts.js';
import type { LargeFileOptions } from './large-file-options.js';
import { sizeOf } from './size-of.js';

/** How long a file must not grow before its writer is taken for dead, in milliseconds. */
const stillness = 3000;
const glance = 250;

/**
 * Makes the file, or waits while somebody else writes it.
 *
 * @returns false when somebody else finished it
 */
export async function mayWrite(
  partial: string,
  target: string,
  { size }: FileFacts,
  { signal, onProgress }: LargeFileOptions,
): Promise<boolean> {
  for (let still = 0; still < stillness; still += glance) {
    const before = await stat(partial).catch(() => null);
    if (before?.mtimeMs === 0) return true; // left behind by somebody who said so
    if (before === null) {
      if ((await sizeOf(target)) === size) return false;
      if (await create(partial)) return true;
      continue;
    }
    await wait(glance, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
    const now = await stat(partial).catch(() => null);
    if (now?.size === before.size && now.mtimeMs === before.mtimeMs) continue;
    still = 0;
    if (now) onProgress(now.size, size);
  }
  return true;
}

/** @returns false when somebody else was quicker */
async function create(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
