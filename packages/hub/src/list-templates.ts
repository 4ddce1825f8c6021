import { fileUrl, type Repository } from './repository.js';
import { request } from './request.js';
import { type RetryPolicy, withRetries } from './retry.js';

/** Where a model has the chat templates that are not its default. */
const folder = 'additional_chat_templates';

/**
 * Paths of a model's further chat templates, such as `additional_chat_templates/tool_use.jinja`.
 *
 * @returns none where there are none, or where a server only gives out files
 * @throws {ModelAccessError | ModelNotFoundError | DownloadError}
 */
export async function listTemplates(
  repository: Repository,
  { retries, signal }: { readonly retries: RetryPolicy; readonly signal: AbortSignal | undefined },
): Promise<string[]> {
  const { id, revision } = repository;
  const pathTemplate = 'api/models/{model}/tree/{revision}/';
  const url = fileUrl({ ...repository, hub: { ...repository.hub, pathTemplate } }, folder);
  const where = { model: id, revision, file: folder };
  const text = await withRetries(
    where,
    retries,
    signal,
    () => 0,
    async (one) => (await request(repository, folder, url, { signal: one }))?.response.text(),
  );
  return pathsIn(text ?? '[]')
    .filter((path) => /^[\w\-. ]+\.jinja$/.test(path.slice(path.lastIndexOf('/') + 1)))
    .map((path) => `${folder}/${path.slice(path.lastIndexOf('/') + 1)}`);
}

function pathsIn(text: string): string[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return []; // a mirror without that interface may answer with a page
  }
  if (!Array.isArray(entries)) return [];
  return entries.map((entry) => entry?.path).filter((path) => typeof path === 'string');
}
