import { downloadLargeFile } from './download-large-file.js';
import { type ModelFile, ModelNotFoundError } from './errors.js';
import { fetchSmallFile } from './fetch-small-file.js';
import { commitOf, type FileFacts, fileFacts } from './file-facts.js';
import { listTemplates } from './list-templates.js';
import type { LoadingProgress } from './loading-progress.js';
import { missingWeights } from './missing-weights.js';
import { pinCommit, pinnedCommit } from './pinned-commit.js';
import { fileUrl, type Repository } from './repository.js';
import { request } from './request.js';
import { type RetryPolicy, withRetries } from './retry.js';
import { indexFile, readShards, singleFile, sizes } from './weight-files.js';

export interface FetchOptions {
  readonly progress: LoadingProgress;
  readonly signal: AbortSignal | undefined;
  readonly retries: RetryPolicy;
}

/** Files that a model may do without. */
const optionalFiles = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
];

/**
 * Brings a model of the hub into a folder: configuration, tokenizer, weights. What is there already stays.
 *
 * @throws {ModelAccessError | ModelNotFoundError | MissingWeightsError | DownloadError}
 */
export async function fetchModel(
  repository: Repository,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  let pinned: Repository = repository;
  const pin = async (commit: string | null) => {
    if (commit === null || pinned !== repository) return;
    const revision = await pinCommit(folder, commit);
    if (revision !== repository.revision) pinned = { ...repository, revision };
  };
  await pin(await pinnedCommit(folder));

  const small = async (file: string): Promise<boolean> => {
    const found = await sizes(folder, [file]);
    if (found) {
      options.progress.found(file, found.get(file)!);
      return true;
    }
    options.progress.initiate(file);
    let isFirst = true;
    const onProgress = (loaded: number, total: number) => {
      if (isFirst) options.progress.download(file);
      isFirst = false;
      options.progress.progress(file, loaded, total);
    };
    const answer = await fetchSmallFile(pinned, file, folder, { ...options, onProgress });
    if (answer === null) return false;
    await pin(commitOf(answer));
    options.progress.done(file);
    return true;
  };

  if (!(await small('config.json').catch(explainPin(folder, () => pinned !== repository)))) {
    const where = { model: repository.id, revision: repository.revision, file: 'config.json' };
    const problem = 'there is no such file; check the id, the revision and `subfolder`.';
    throw new ModelNotFoundError(where, problem);
  }
  for (const file of optionalFiles) {
    const isThere = await small(file);
    // Further templates stand beside a file of the default one, never beside an entry of the configuration.
    if (!isThere || file !== 'chat_template.jinja') continue;
    for (const template of await listTemplates(pinned, options)) await small(template);
  }
  const weights = await weightFiles(pinned, folder, small, options);
  for (const { file, size } of weights) options.progress.expect(file, size);
  for (const facts of weights) await fetchLarge(pinned, facts, folder, options);
}

/** Which weight files there are, and how large: one, or the shards of an index. */
async function weightFiles(
  repository: Repository,
  folder: string,
  small: (file: string) => Promise<boolean>,
  options: FetchOptions,
): Promise<FileFacts[]> {
  const whole = await fileFacts(repository, singleFile, options);
  if (whole) return [whole];
  if (!(await small(indexFile))) throw await withoutWeights(repository, options);
  const shards: FileFacts[] = [];
  for (const file of await readShards(folder)) {
    const facts = await fileFacts(repository, file, options);
    if (!facts) {
      const where = { model: repository.id, revision: repository.revision, file };
      const problem = `${indexFile} names it, but it is not there; tell the owner of the model.`;
      throw new ModelNotFoundError(where, problem);
    }
    shards.push(facts);
  }
  return shards;
}

/** Brings a file that does not fit in memory into a folder, unless it is there. */
export async function fetchLarge(
  repository: Repository,
  facts: FileFacts,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  const { progress } = options;
  const { file, size } = facts;
  if ((await sizes(folder, [file]))?.get(file) === size) return progress.found(file, size);
  progress.initiate(file);
  progress.download(file);
  const onProgress = (loaded: number, total: number) => progress.progress(file, loaded, total);
  await downloadLargeFile(repository, facts, folder, { ...options, onProgress });
  progress.progress(file, size, size);
  progress.done(file);
}

/** Bytes of a card that hold its front matter. */
const cardStart = 65_536;

async function withoutWeights(repository: Repository, options: FetchOptions): Promise<Error> {
  // Only for the message: what cannot be asked is left out of it, and asked only once.
  const ask = async (file: string, bytes: number) => {
    const where = { model: repository.id, revision: repository.revision, file };
    const retries = { ...options.retries, attempts: 1 };
    const answer = await withRetries(
      where,
      retries,
      options.signal,
      () => 0,
      async (signal) => {
        const range = { to: bytes - 1, signal };
        return request(repository, file, fileUrl(repository, file), range);
      },
    ).catch(() => null);
    return answer?.response ?? null;
  };
  const onnx = await ask('onnx/model.onnx', 1);
  await onnx?.body?.cancel();
  const card = await ask('README.md', cardStart);
  const text = (await card?.text().catch(() => '')) ?? '';
  return missingWeights(repository.id, { hasOnnx: onnx !== null, card: text });
}

/** Says where the commit came from that the hub no longer knows. */
function explainPin(folder: string, isPinned: () => boolean) {
  return (error: unknown): never => {
    if (!(error instanceof ModelNotFoundError) || !isPinned()) throw error;
    const { model, revision, file } = error.details as unknown as ModelFile;
    const problem = `the hub no longer knows the commit that ${folder} was begun with; delete that folder and load again.`;
    throw new ModelNotFoundError({ model, revision, file }, problem, { cause: error });
  };
}
