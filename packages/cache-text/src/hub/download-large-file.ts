import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  utimes,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NammError } from '@namm/core';
import { DownloadError, type ModelFile } from '../errors.js';
import { type Patience, withAttempts } from './attempts.js';
import { explainDiskError } from './explain-disk-error.js';
import type { FileFacts } from './file-facts.js';
import { CallbackError } from './loading-progress.js';
import { fileUrl, type Repository } from './repository.js';
import { type HubResponse, request } from './request.js';

export interface LargeFileOptions {
  readonly patience: Patience;
  readonly signal: AbortSignal | undefined;
  onProgress(loaded: number, total: number): void;
}

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
    await new Download(repository, where, facts, partial, options).run();
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

class Download {
  readonly #repository: Repository;
  readonly #where: ModelFile;
  readonly #facts: FileFacts;
  readonly #partial: string;
  readonly #options: LargeFileOptions;
  readonly #hash = createHash('sha256');
  #loaded = 0;

  constructor(
    repository: Repository,
    where: ModelFile,
    facts: FileFacts,
    partial: string,
    options: LargeFileOptions,
  ) {
    this.#repository = repository;
    this.#where = where;
    this.#facts = facts;
    this.#partial = partial;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { size, sha256 } = this.#facts;
    const { patience, signal } = this.#options;
    const handle = await open(this.#partial, 'r+');
    try {
      await this.#takeUp();
      await withAttempts(
        this.#where,
        patience,
        signal,
        () => this.#loaded,
        async (one, heard) => {
          while (this.#loaded < size) await this.#fetchRest(handle, one, heard);
        },
      );
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (sha256 !== null && this.#hash.digest('hex') !== sha256) {
      await rm(this.#partial, { force: true });
      const problem = 'what arrived does not have the checksum that the hub states';
      throw new DownloadError(this.#where, `${problem}, and was thrown away; try again.`);
    }
  }

  /** Goes on behind the bytes that are there. */
  async #takeUp(): Promise<void> {
    const { size } = await stat(this.#partial);
    if (size > this.#facts.size) {
      await rm(this.#partial, { force: true });
      const problem = `the kept beginning is longer than the file (${size} of ${this.#facts.size} bytes)`;
      throw new DownloadError(this.#where, `${problem}, and was thrown away; try again.`);
    }
    for await (const piece of createReadStream(this.#partial)) {
      this.#options.signal?.throwIfAborted();
      this.#hash.update(piece as Uint8Array);
      this.#loaded += (piece as Uint8Array).length;
    }
    if (this.#loaded > 0) this.#options.onProgress(this.#loaded, this.#facts.size);
  }

  async #fetchRest(handle: FileHandle, signal: AbortSignal, heard: () => void): Promise<void> {
    const repository = this.#repository;
    const where = this.#where;
    const facts = this.#facts;
    const url = fileUrl(repository, facts.file);
    const answer = await request(repository, facts.file, url, { from: this.#loaded, signal });
    if (answer === null) {
      throw new DownloadError(where, 'is no longer there; was the model changed? Try again.');
    }
    heard();
    let skip = this.#checkAnswer(answer);
    for await (const piece of answer.response.body ?? []) {
      heard();
      const rest = piece.subarray(Math.min(skip, piece.length));
      skip -= piece.length - rest.length;
      if (this.#loaded + rest.length > facts.size) {
        await rm(this.#partial, { force: true });
        const problem = `is longer than the ${facts.size} bytes that the hub announced`;
        throw new DownloadError(where, `${problem}, and was thrown away; try again.`);
      }
      await this.#write(handle, rest);
    }
    if (this.#loaded < facts.size) throw new Error(`cut off after ${this.#loaded} bytes`);
  }

  /** @returns bytes at the beginning of the answer that are on the disk already */
  #checkAnswer({ response }: HubResponse): number {
    // A server that knows no ranges sends the whole file.
    if (response.status === 200) return this.#loaded;
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    const total = range?.[2] === '*' ? this.#facts.size : Number(range?.[2]);
    if (Number(range?.[1]) === this.#loaded && total === this.#facts.size) return 0;
    const said = response.headers.get('content-range') ?? 'no range';
    throw new DownloadError(
      this.#where,
      `asked for the bytes from ${this.#loaded} of ${this.#facts.size}, the server sends ${said}; try again.`,
    );
  }

  async #write(handle: FileHandle, piece: Uint8Array): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const position = this.#loaded + done;
      const { bytesWritten } = await handle
        .write(piece, done, piece.length - done, position)
        .catch((cause) => {
          throw explainDiskError(this.#where, dirname(this.#partial), cause);
        });
      done += bytesWritten;
    }
    this.#hash.update(piece);
    this.#loaded += piece.length;
    if (piece.length > 0) this.#options.onProgress(this.#loaded, this.#facts.size);
  }
}

/** How long a file must not grow before its writer is taken for dead, in milliseconds. */
const stillness = 3000;
const glance = 250;

/**
 * Makes the file, or waits while somebody else writes it.
 *
 * @returns false when somebody else finished it
 */
async function mayWrite(
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

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => found.size,
    () => null,
  );
}

async function checkRoom(where: ModelFile, folder: string, needed: number): Promise<void> {
  const disk = await statfs(folder).catch(() => null);
  if (disk === null || disk.bavail * disk.bsize >= needed) return;
  const free = disk.bavail * disk.bsize;
  const advice = 'make room there, or name another folder with `cache_dir` or `env.cacheDir`.';
  throw new DownloadError(
    where,
    `needs ${needed} bytes more, but ${folder} has ${free} left; ${advice}`,
    {
      details: { needed, free },
    },
  );
}
