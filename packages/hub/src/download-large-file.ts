import { mkdir, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { NammError } from '@namm/core';
import { DownloadError, type ModelFile } from './errors.js';
import { explainDiskError } from './explain-disk-error.js';
import { FileDownload } from './file-download.js';
import type { FileFacts } from './file-facts.js';
import type { LargeFileOptions } from './large-file-options.js';
import { CallbackError } from './loading-progress.js';
import { mayWrite } from './may-write.js';
import type { Repository } from './repository.js';
import { sizeOf } from './size-of.js';

/**
 * Streams a file to the disk. Its beginning is kept in `FILE.HASH.incomplete`, where HASH stands for the
 * content that the hub announced: a download that broke goes on there, also one of another process. It
 * takes its name when it has the announced length and, where the hub states one, the announced SHA-256.
 *
 * Processes that fetch the same file at once cannot harm each other: one writes while the others watch the
 * file grow, and whoever takes over a file that stopped growing writes the same bytes to the same places.
 *
 * @throws {ModelAccessError | ModelNotFoundError | DownloadError}
 */
export async function downloadLargeFile(
  repository: Repository,
  facts: FileFacts,
  folder: string,
  options: LargeFileOptions,
): Promise<void> {
  const { file } = facts;
  const where = { model: repository.id, revision: repository.revision, file };
  const target = join(folder, file);
  const partial = `${target}.${facts.contentKey}.incomplete`;
  const onDisk = (error: unknown): never => {
    const isKnown = NammError.isInstance(error) || error instanceof CallbackError;
    throw isKnown || options.signal?.aborted ? error : explainDiskError(where, folder, error);
  };
  await mkdir(dirname(target), { recursive: true }).catch(onDisk);
  await checkRoom(where, folder, facts.size - ((await sizeOf(partial)) ?? 0));
  if (!(await mayWrite(partial, target, facts, options).catch(onDisk))) return;
  try {
    await new FileDownload(repository, where, facts, partial, options).run();
  } catch (error) {
    // Whoever comes next need not wait whether it grows.
    await utimes(partial, 0, 0).catch(() => {});
    onDisk(error);
  }
  await rename(partial, target).catch(async (cause) => {
    // Another process was as fast, and moved the same bytes.
    if ((await sizeOf(target)) !== facts.size) onDisk(cause);
  });
  await removeLeftovers(target);
}

/** Removes beginnings of other contents that were left behind. */
async function removeLeftovers(target: string): Promise<void> {
  const folder = dirname(target);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(target)}.`) || !name.endsWith('.incomplete')) continue;
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    if (facts?.mtimeMs === 0) await rm(path, { force: true });
  }
}

async function checkRoom(where: ModelFile, folder: string, needed: number): Promise<void> {
  const disk = await statfs(folder).catch(() => null);
  if (disk === null || disk.bavail * disk.bsize >= needed) return;
  const free = disk.bavail * disk.bsize;
  const advice = 'make room there, or name another folder for downloads.';
  throw new DownloadError(
    where,
    `needs ${needed} bytes more, but ${folder} has ${free} left; ${advice}`,
    {
      details: { needed, free },
    },
  );
}
