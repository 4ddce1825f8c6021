import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '@namm/core';
import { DownloadError, type ModelFile } from './errors.js';
import { explainDiskError } from './explain-disk-error.js';
import { fileUrl, type Repository } from './repository.js';
import { type HubResponse, request } from './request.js';
import { type RetryPolicy, withRetries } from './retry.js';

/** No configuration, tokenizer or index of a real model comes near. */
const longest = 100_000_000;

export interface SmallFileOptions {
  readonly retries: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  onProgress(loaded: number, total: number): void;
}

/**
 * Fetches a file that fits in memory and puts it into a folder, whole or not at all.
 *
 * @returns the headers of the answer, or null when the repository has no such file
 * @throws {ModelAccessError | ModelNotFoundError | DownloadError}
 */
export async function fetchSmallFile(
  repository: Repository,
  file: string,
  folder: string,
  { retries, signal, onProgress }: SmallFileOptions,
): Promise<HubResponse | null> {
  const where = { model: repository.id, revision: repository.revision, file };
  const answer = await withRetries(
    where,
    retries,
    signal,
    () => 0,
    async (one, heard) => {
      const found = await request(repository, file, fileUrl(repository, file), { signal: one });
      return found && { found, bytes: await readAll(where, found.response, heard, onProgress) };
    },
  );
  if (answer === null) return null;
  if (file.endsWith('.json')) checkJson(where, answer.bytes);
  const path = join(folder, file);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, answer.bytes);
  } catch (cause) {
    throw explainDiskError(where, folder, cause);
  }
  return answer.found;
}

async function readAll(
  where: ModelFile,
  response: Response,
  heard: () => void,
  onProgress: (loaded: number, total: number) => void,
): Promise<Uint8Array> {
  const total = Number(response.headers.get('content-length') ?? 0);
  const pieces: Uint8Array[] = [];
  let loaded = 0;
  for await (const piece of response.body ?? []) {
    heard();
    pieces.push(piece);
    loaded += piece.length;
    if (loaded > longest) {
      await response.body?.cancel().catch(() => {});
      throw new DownloadError(where, `is longer than ${longest} bytes; is this the right model?`);
    }
    onProgress(loaded, Math.max(total, loaded));
  }
  return Buffer.concat(pieces);
}

/** A page of a login portal or a proxy must not end up in the cache. */
function checkJson(where: ModelFile, bytes: Uint8Array): void {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    const advice = 'is there a proxy or a login page between this machine and the hub?';
    throw new DownloadError(where, `what the server sent is not JSON; ${advice}`, { cause });
  }
}
