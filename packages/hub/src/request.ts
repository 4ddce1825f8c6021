import { DownloadError, ModelAccessError, type ModelFile, ModelNotFoundError } from './errors.js';
import type { Hub } from './hub.js';
import type { Repository } from './repository.js';

/** What the hub and the storage behind it say of a file. */
export interface HubResponse {
  readonly response: Response;
  /** Headers of all hops; those of an earlier hop win, because the hub knows more than its storage. */
  header(name: string): string | null;
}

export interface RequestOptions {
  /** First byte wanted. */
  readonly from?: number;
  /** Last byte wanted. */
  readonly to?: number;
  readonly signal?: AbortSignal | undefined;
  /** Stops at a redirect that already says what the file is: its storage need not be asked. */
  readonly onlyMetadata?: boolean;
}

const mostRedirects = 10;

/**
 * Asks for a file, or for some of its bytes. Redirects are followed by hand: the hub describes large files
 * in the headers of the redirect to their storage, and the storage must not get the token.
 *
 * @throws {ModelAccessError} for 401 and 403
 * @throws {TypeError | HubStatusError} for what may be gone at the next attempt
 * @returns null when the repository has no such file
 */
export async function request(
  repository: Repository,
  file: string,
  url: string,
  { from = 0, to, signal, onlyMetadata = false }: RequestOptions = {},
): Promise<HubResponse | null> {
  const where = { model: repository.id, revision: repository.revision, file };
  const hops: Headers[] = [];
  let target = url;
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const headers = requestHeaders(target, repository.hub);
    if (from > 0 || to !== undefined) headers.set('Range', `bytes=${from}-${to ?? ''}`);
    const response: Response = await repository.hub.fetch(target, {
      headers,
      redirect: 'manual',
      ...(signal ? { signal } : {}),
    });
    hops.push(response.headers);
    const header = (name: string) =>
      hops.map((one) => one.get(name)).find((value) => value !== null) ?? null;
    const location =
      response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    const isKnown = onlyMetadata && header('x-linked-size') !== null;
    if (location !== null && !isKnown) {
      await response.body?.cancel();
      target = new URL(location, target).href;
      continue;
    }
    if (response.ok || response.status === 416 || (location !== null && isKnown)) {
      return { response, header };
    }
    await response.body?.cancel();
    return refuse(where, response.status, header, headers.has('Authorization'));
  }
  throw new DownloadError(
    where,
    `is redirected more than ${mostRedirects} times; is this the address of a hub?`,
  );
}

/** The token goes to the hub, and to nobody else. */
function requestHeaders(url: string, { userAgent }: Hub): Headers {
  const headers = new Headers({
    'User-Agent': userAgent,
    // Lengths and offsets are those of the file only if nobody compresses it.
    'Accept-Encoding': 'identity',
  });
  const { protocol, hostname } = new URL(url);
  const token = process.env.HF_TOKEN ?? process.env.HF_ACCESS_TOKEN;
  if (token && protocol === 'https:' && ['huggingface.co', 'hf.co'].includes(hostname)) {
    headers.set('Authorization', `Bearer ${token}`);
  }
  return headers;
}

/** A status that may be another at the next attempt: too many requests, or trouble of the server. */
class HubStatusError extends Error {
  constructor(readonly status: number) {
    super(`the server answered with status ${status}`);
  }
}

function refuse(
  where: ModelFile,
  status: number,
  header: (name: string) => string | null,
  hadToken: boolean,
): null {
  const code = header('x-error-code');
  const details = { status, ...(code === null ? {} : { hubCode: code }) };
  const said = header('x-error-message');
  const hint = said === null ? '' : ` The hub says: ${said}`;
  if (status === 401 || status === 403) {
    const problem =
      code === 'GatedRepo'
        ? 'its licence has to be accepted on the page of the model'
        : 'the hub refuses access, or there is no such model';
    const advice = hadToken
      ? 'check the id, and that the token in HF_TOKEN may read this model.'
      : 'check the id, and set HF_TOKEN to a token that may read this model.';
    throw new ModelAccessError(where, `${problem} (status ${status}); ${advice}${hint}`, {
      details,
    });
  }
  if (status === 404 || status === 410) {
    if (code === 'RepoNotFound') {
      throw new ModelNotFoundError(
        where,
        `there is no such model on the hub; check the id.${hint}`,
        {
          details,
        },
      );
    }
    if (code === 'RevisionNotFound') {
      const advice = 'check `revision`: a branch, tag or commit of the model.';
      throw new ModelNotFoundError(where, `the model has no such revision; ${advice}${hint}`, {
        details,
      });
    }
    return null;
  }
  if (status === 408 || status === 429 || status >= 500) throw new HubStatusError(status);
  throw new DownloadError(where, `the server answers with status ${status}.${hint}`, { details });
}
