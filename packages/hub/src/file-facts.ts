import { createHash, randomBytes } from 'node:crypto';
import { DownloadError } from './errors.js';
import { fileUrl, type Repository } from './repository.js';
import { type HubResponse, request } from './request.js';
import { type RetryPolicy, withRetries } from './retry.js';

/** What a hub announces of a file before it is fetched. */
export interface FileFacts {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 in hexadecimal digits, when the hub states it (it does for large files). */
  readonly sha256: string | null;
  /** The same for the same content; only when the hub cannot tell contents apart it is never the same. */
  readonly contentKey: string;
  /** The commit that the revision stands for, when the hub states it. */
  readonly commit: string | null;
}

/**
 * Asks for the size and the checksum of a file, without fetching it.
 *
 * @returns null when the repository has no such file
 * @throws {ModelAccessError | ModelNotFoundError | DownloadError}
 */
export async function fileFacts(
  repository: Repository,
  file: string,
  { retries, signal }: { readonly retries: RetryPolicy; readonly signal: AbortSignal | undefined },
): Promise<FileFacts | null> {
  const where = { model: repository.id, revision: repository.revision, file };
  const found = await withRetries(
    where,
    retries,
    signal,
    () => 0,
    async (one) => {
      const options = { to: 0, signal: one, onlyMetadata: true };
      const answer = await request(repository, file, fileUrl(repository, file), options);
      await answer?.response.body?.cancel();
      return answer;
    },
  );
  if (found === null) return null;
  const size = sizeOf(found);
  if (size === null) {
    throw new DownloadError(
      where,
      'the server does not say how long the file is; is this the address of a hub?',
    );
  }
  const etag = found.header('x-linked-etag') ?? found.header('etag');
  // A weak tag identifies the meaning, not the bytes.
  const strong = etag !== null && !etag.startsWith('W/') ? etag.replaceAll('"', '') : null;
  const linked = found.header('x-linked-etag')?.replaceAll('"', '') ?? '';
  return {
    file,
    size,
    sha256: /^[0-9a-f]{64}$/.test(linked) ? linked : null,
    contentKey:
      strong === null
        ? randomBytes(8).toString('hex')
        : createHash('sha256').update(`${strong} ${size}`).digest('hex').slice(0, 16),
    commit: commitOf(found),
  };
}

/** The commit that an answer comes from, when the hub states it. */
export function commitOf({ header }: HubResponse): string | null {
  const commit = header('x-repo-commit');
  return commit !== null && /^[0-9a-f]{40}$/.test(commit) ? commit : null;
}

function sizeOf({ response, header }: HubResponse): number | null {
  const linked = header('x-linked-size');
  const range = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  const text = linked ?? range?.[1] ?? response.headers.get('content-length');
  const size =
    text === null || text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(size) && size >= 0 ? size : null;
}
