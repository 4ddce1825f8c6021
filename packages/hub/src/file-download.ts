import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DownloadError, type ModelFile } from './errors.js';
import { explainDiskError } from './explain-disk-error.js';
import type { FileFacts } from './file-facts.js';
import type { LargeFileOptions } from './large-file-options.js';
import { fileUrl, type Repository } from './repository.js';
import { type HubResponse, request } from './request.js';
import { withRetries } from './retry.js';

/** One download: goes on behind the bytes that are there, and checks what arrived. */
export class FileDownload {
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
    const { retries, signal } = this.#options;
    const handle = await open(this.#partial, 'r+');
    try {
      await this.#takeUp();
      await withRetries(
        this.#where,
        retries,
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
