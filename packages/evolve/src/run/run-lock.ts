import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RunFolderError } from './errors.js';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in a unit of its system, where that is known: numbers of processes come again. */
  readonly began: string | null;
}

/**
 * Keeps other processes from working on a folder. Takes over a lock whose process has died.
 *
 * @returns how to give the folder free
 * @throws {RunFolderError} when a process that lives, or one of another machine, holds it
 */
export async function lockRun(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'run.lock');
  const own: Holder = { pid: process.pid, host: hostname(), began: beginning(process.pid) };
  for (let attempt = 0; attempt < 2; attempt++) {
    if (await create(folder, path, JSON.stringify(own))) return () => rm(path, { force: true });
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) continue; // given free meanwhile
    const holder = parseHolder(text);
    if (holder !== null && isThere(holder)) {
      const who = `process ${holder.pid} on ${holder.host}`;
      const advice = 'wait for it, or remove run.lock if it has died';
      throw new RunFolderError(folder, `is in use by ${who}; ${advice}`);
    }
    await removeStale(path, text);
  }
  throw new RunFolderError(folder, 'is being taken by another process at this moment');
}

/**
 * Makes the lock with all that is in it at once: one that was only opened yet would look like one left behind.
 *
 * @returns false when there is a lock
 */
async function create(folder: string, path: string, text: string): Promise<boolean> {
  const written = `${path}.${randomUUID()}`;
  try {
    await writeFile(written, text);
    await link(written, path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new RunFolderError(folder, `cannot be locked (${String(cause)})`, { cause });
  } finally {
    await rm(written, { force: true });
  }
}

/** Removes a lock if it is still the one that was read: another process may have taken over as well. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // the other one was faster
  }
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

/** Null for what is not a lock. */
function parseHolder(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isSafeInteger(holder.pid) && holder.pid > 0 ? holder : null;
  } catch {
    return null;
  }
}

function isThere({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return true; // nobody can tell from here
  try {
    process.kill(pid, 0); // sends nothing
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return began === beginning(pid);
}

/** Linux says in field 22 when a process began; elsewhere its number has to do. */
function beginning(pid: number): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
