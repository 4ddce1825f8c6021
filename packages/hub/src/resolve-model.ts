import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { checkNames, checkSignal, InvalidArgumentError } from '@namm/core';
import { DownloadError, ModelAccessError, ModelNotFoundError } from './errors.js';
import { fetchGguf, type GgufPlace, ggufOnDisk, ggufPlace } from './fetch-gguf.js';
import { fetchModel } from './fetch-model.js';
import { type Hub, hubWith } from './hub.js';
import { type HubEvent, LoadingProgress } from './loading-progress.js';
import { findingsInFolder, missingWeights } from './missing-weights.js';
import { isModelId } from './repository.js';
import { type RetryPolicy, usualRetries } from './retry.js';
import { presentWeights, sizes } from './weight-files.js';

export interface ResolveOptions {
  /** Branch, tag or commit. @defaultValue 'main' */
  readonly revision?: string;
  /** Folder inside the repository that holds the model. @defaultValue its root */
  readonly subfolder?: string;
  /** Local folder to try first; null for none. @defaultValue the model's name, as a path */
  readonly localFolder?: string | null;
  /**
   * Whether to accept a GGUF file: a local file, a folder with GGUF files and no safetensors, or a file on the hub as
   * `OWNER/NAME:FILE.gguf`; for a split model, its first part.
   * @defaultValue false
   */
  readonly gguf?: boolean;
  /** Where models of the hub are stored. @defaultValue {@link defaultCacheFolder} */
  readonly cacheFolder?: string;
  /** A reason to stay off the network, quoted in errors. `HF_HUB_OFFLINE=1` also works. */
  readonly offline?: string;
  /** Aborts with the signal's reason; what was fetched is kept. */
  readonly signal?: AbortSignal;
  /** Called with progress events. */
  readonly onEvent?: (event: HubEvent) => void;
  /** When to retry and when to give up. */
  readonly retries?: RetryPolicy;
  /** A hub other than Hugging Face's. */
  readonly hub?: Partial<Hub>;
}

const optionNames = [
  ...(['revision', 'subfolder', 'localFolder', 'gguf', 'cacheFolder', 'offline'] as const),
  ...(['signal', 'onEvent', 'retries', 'hub'] as const),
] satisfies readonly (keyof ResolveOptions)[];

/** The default folder for models: `namm/models` in the user's cache folder. */
export function defaultCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'namm', 'models');
}

/**
 * Finds the folder of a model and fetches what is missing. It tries a local folder, the cache folder and the hub, in
 * this order. If the model is complete on disk, the hub is not contacted.
 *
 * @param model path of a folder, or the id of a model on the hub; with `gguf` also a GGUF file
 * @param options where to look, and who is notified
 * @returns a folder with `config.json` and safetensors; with `gguf` possibly a GGUF file or a folder with GGUF files
 * @throws {InvalidArgumentError} for an unknown option, and for what is neither a folder nor an id
 * @throws {ModelNotFoundError} when there is no such folder, model, revision or file
 * @throws {ModelAccessError | MissingWeightsError | DownloadError} when the hub refuses access, has no safetensors, or
 *   a download fails; what was fetched is kept, and the next call resumes
 * @throws {FileFormatError} when the index of the weights cannot be read
 * @throws what `onEvent` throws
 *
 * @example
 * ```ts
 * const folder = await resolveModel('HuggingFaceTB/SmolLM2-135M-Instruct', {
 *   onEvent: (event) => {
 *     if (event.status === 'progress_total') console.error(`${event.progress.toFixed(0)} %`);
 *   },
 * });
 * ```
 */
export async function resolveModel(model: string, options: ResolveOptions = {}): Promise<string> {
  checkNames('resolveModel', options, optionNames);
  checkSignal(options.signal);
  if (typeof model !== 'string' || model === '') {
    throw new InvalidArgumentError(
      'model',
      'is neither the id of a model nor the path of a folder',
    );
  }
  const progress = new LoadingProgress(model, options.onEvent);
  try {
    return await resolveFolder(model, options, progress);
  } catch (error) {
    throw LoadingProgress.reveal(error);
  }
}

async function resolveFolder(
  model: string,
  options: ResolveOptions,
  progress: LoadingProgress,
): Promise<string> {
  const { revision = 'main', subfolder = '', localFolder = model, signal } = options;
  if (/^https?:/.test(model)) {
    const problem = `'${model}' is a URL; name a folder, or the id of a model`;
    throw new InvalidArgumentError('model', problem);
  }
  if (/\.gguf$/i.test(model)) {
    if (options.gguf) return ggufFile(model, options, progress);
    const problem = `'${model}' is a GGUF file, which is not read here; name the folder or the hub id of the model that it was made from, with safetensors weights`;
    throw new InvalidArgumentError('model', problem);
  }
  const isId = isModelId(model);
  if (localFolder !== null) {
    const folder = join(localFolder, subfolder);
    if (await useFolder(folder, progress)) return folder;
    if (options.gguf && (await holdsGguf(folder))) return folder;
    if (!isId) throw await unusable(folder, model);
  } else if (!isId) {
    throw new InvalidArgumentError('model', `'${model}' is not the id of a model`);
  }
  const { cacheFolder = defaultCacheFolder() } = options;
  // As transformers.js lays its cache out, so that its tokenizer finds and shares the small files.
  const cached = join(cacheFolder, model, revision === 'main' ? '' : revision, subfolder);
  if (await useFolder(cached, progress)) return cached;
  const why = options.offline ?? (isOffline() ? 'HF_HUB_OFFLINE is set' : null);
  if (why !== null) throw await offline(model, revision, why, [cached, localFolder]);
  const { retries = usualRetries } = options;
  const repository = { hub: hubWith(options.hub), id: model, revision, subfolder };
  await fetchModel(repository, cached, { progress, signal, retries }).catch(async (error) => {
    const isUnknown = error instanceof ModelAccessError || error instanceof ModelNotFoundError;
    if (!isUnknown && !(error instanceof DownloadError)) throw error;
    const hint = await folderHint(model, localFolder);
    if (hint === '') throw error;
    // What was begun can go on: the model is one of the hub.
    if (!isUnknown && (await stat(cached).catch(() => null))) throw error;
    const where = { model, revision, file: 'config.json' };
    const said = isUnknown ? 'the hub does not give it' : 'the hub cannot be asked';
    throw new ModelNotFoundError(where, `${said}.${hint}`, { cause: error });
  });
  return cached;
}

/** Takes a GGUF file that is on the disk, or fetches one that is named by its model on the hub. */
async function ggufFile(
  path: string,
  options: ResolveOptions,
  progress: LoadingProgress,
): Promise<string> {
  const found = await stat(path).catch(() => null);
  const place = found === null ? ggufPlace(path) : null;
  if (place !== null) return ggufOfHub(place, options, progress);
  if (found?.isFile()) {
    progress.expect(path, found.size);
    progress.found(path, found.size);
    return path;
  }
  const file = basename(path);
  const advice = 'A file of the hub is named by its model: OWNER/NAME:FILE.gguf.';
  const what = found?.isDirectory() ? 'a folder' : 'not a file';
  throw new ModelNotFoundError(
    { model: path, revision: null, file },
    `${resolve(path)} is ${what}. ${advice}`,
  );
}

async function ggufOfHub(
  { id, file }: GgufPlace,
  options: ResolveOptions,
  progress: LoadingProgress,
): Promise<string> {
  const { revision = 'main', subfolder = '', cacheFolder = defaultCacheFolder() } = options;
  const cached = join(cacheFolder, id, revision === 'main' ? '' : revision, subfolder);
  const known = await ggufOnDisk(cached, file);
  if (known !== null) return known;
  const why = options.offline ?? (isOffline() ? 'HF_HUB_OFFLINE is set' : null);
  if (why !== null) {
    const problem = `not complete in ${cached}, and ${why}; load it once with the hub.`;
    throw new ModelNotFoundError({ model: id, revision, file }, problem);
  }
  const { retries = usualRetries, signal } = options;
  const repository = { hub: hubWith(options.hub), id, revision, subfolder };
  await fetchGguf(repository, file, cached, { progress, signal, retries });
  return join(cached, file);
}

async function holdsGguf(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.some((name) => /\.gguf$/i.test(name));
}

/** A name that is an id may be a folder too, which its user meant. */
async function folderHint(model: string, tried: string | null): Promise<string> {
  if (!((await stat(model).catch(() => null))?.isDirectory() ?? false)) return '';
  if (tried !== model) return ` There is a folder of that name: for it, write './${model}'.`;
  return ` The folder ${resolve(model)} lacks config.json or safetensors weights.`;
}

/** Takes a folder that has all that is needed. */
async function useFolder(folder: string, progress: LoadingProgress): Promise<boolean> {
  const config = await sizes(folder, ['config.json']);
  const weights = config && (await presentWeights(folder));
  if (!config || !weights) return false;
  const small = await sizes(folder, ['generation_config.json']);
  const files = [...config, ...(small ?? []), ...weights];
  for (const [file, size] of files) progress.expect(file, size);
  for (const [file, size] of files) progress.found(file, size);
  return true;
}

/** As the tools of Hugging Face read it. */
function isOffline(): boolean {
  return ['1', 'true', 'yes', 'on'].includes((process.env.HF_HUB_OFFLINE ?? '').toLowerCase());
}

async function unusable(folder: string, model: string): Promise<Error> {
  const where = { model, revision: null, file: 'config.json' };
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) {
    const is = found === null ? 'does not exist' : 'is not a folder';
    const problem = `${resolve(folder)} ${is}; a model id looks like organisation/name.`;
    return new ModelNotFoundError(where, problem);
  }
  if (await sizes(folder, ['config.json'])) {
    return missingWeights(model, await findingsInFolder(folder));
  }
  const problem = `is missing in ${resolve(folder)}; is this the folder of a model?`;
  return new ModelNotFoundError(where, problem);
}

async function offline(
  model: string,
  revision: string,
  why: string,
  places: readonly (string | null)[],
): Promise<Error> {
  const where = { model, revision, file: 'config.json and its weights' };
  const tried = places.filter((place) => place !== null).join(' or ');
  const hint = await folderHint(model, places[1] ?? null);
  const problem = `not complete in ${tried}, and ${why}; load it once with the hub.${hint}`;
  return new ModelNotFoundError(where, problem);
}
