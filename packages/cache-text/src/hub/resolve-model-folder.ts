import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { env } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { ModelFolderError } from '@namm/decoder';
import { ModelAccessError, ModelNotFoundError } from '../errors.js';
import { type Patience, usualPatience } from './attempts.js';
import { fetchModel } from './fetch-model.js';
import { LoadingProgress } from './loading-progress.js';
import { findingsInFolder, missingWeights } from './missing-weights.js';
import { isModelId } from './repository.js';
import { presentWeights, sizes } from './weight-files.js';

export interface ResolveOptions {
  readonly revision: string;
  /** Folder inside the repository; empty for its root. */
  readonly subfolder: string;
  readonly cacheFolder: string | null;
  readonly localFilesOnly: boolean;
  readonly signal: AbortSignal | undefined;
  readonly progress: LoadingProgress;
  readonly patience?: Patience;
}

/**
 * Finds the folder of a model, and fetches what is missing: a path, a model in `env.localModelPath`, a model
 * in the cache folder of transformers.js, or one on the hub, in this order. A model that is complete on the
 * disk is taken as it is, without asking the hub.
 *
 * @returns a folder with `config.json` and safetensors
 * @throws {ModelFolderError} when there is no such folder
 * @throws {ModelAccessError | ModelNotFoundError | MissingWeightsError | DownloadError}
 * @throws what the progress callback throws
 */
export async function resolveModelFolder(model: string, options: ResolveOptions): Promise<string> {
  try {
    return await resolveFolder(model, options);
  } catch (error) {
    throw LoadingProgress.reveal(error);
  }
}

async function resolveFolder(model: string, options: ResolveOptions): Promise<string> {
  const { revision, subfolder, localFilesOnly, progress } = options;
  const isId = isModelId(model);
  const isRemote = !localFilesOnly && env.allowRemoteModels && !isOffline();
  if (!isId && /^https?:/.test(model)) {
    throw new InvalidArgumentError(
      'model',
      `'${model}' is a URL; name a folder, or the id of a model`,
    );
  }
  if (!env.allowLocalModels && (!isRemote || !isId)) {
    const problem =
      'local models are disabled (env.allowLocalModels), so a model id and the hub are needed';
    throw new InvalidArgumentError('model', `'${model}': ${problem}`);
  }
  if (env.allowLocalModels) {
    const folder = join(isId ? join(env.localModelPath, model) : model, subfolder);
    if (await useFolder(folder, progress)) return folder;
    if (!isId) throw await unusable(folder, model);
  }
  const cacheFolder = options.cacheFolder ?? env.cacheDir;
  if (!cacheFolder) {
    const problem = 'there is no folder for downloads; set `cache_dir` or `env.cacheDir`';
    throw new InvalidArgumentError('cache_dir', problem);
  }
  // As transformers.js lays its cache out, so that its tokenizer finds and shares the small files.
  const cached = join(cacheFolder, model, revision === 'main' ? '' : revision, subfolder);
  if (await useFolder(cached, progress)) return cached;
  if (!isRemote) throw await offline(model, options, cached);
  const { signal, patience = usualPatience } = options;
  const repository = { id: model, revision, subfolder };
  await fetchModel(repository, cached, { progress, signal, patience }).catch(async (error) => {
    const isUnknown = error instanceof ModelAccessError || error instanceof ModelNotFoundError;
    const hint = isUnknown ? await folderHint(model) : '';
    if (hint === '') throw error;
    const where = { model, revision, file: 'config.json' };
    throw new ModelNotFoundError(where, `the hub does not give it.${hint}`, { cause: error });
  });
  return cached;
}

/** transformers.js takes `models/mine` for an id, which its users do not always expect. */
async function folderHint(model: string): Promise<string> {
  const isFolder = (await stat(model).catch(() => null))?.isDirectory() ?? false;
  return isFolder ? ` There is a folder of that name: for it, write './${model}'.` : '';
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
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    return new ModelFolderError(
      resolve(folder),
      'is no folder; a model id looks like organisation/name.',
    );
  }
  if (await sizes(folder, ['config.json'])) {
    return missingWeights(model, await findingsInFolder(folder));
  }
  return new ModelFolderError(
    join(folder, 'config.json'),
    'is missing. Is this the folder of a model?',
  );
}

async function offline(model: string, options: ResolveOptions, cached: string): Promise<Error> {
  const where = { model, revision: options.revision, file: 'config.json and its weights' };
  const places = [cached, ...(env.allowLocalModels ? [join(env.localModelPath, model)] : [])];
  const why = options.localFilesOnly
    ? '`local_files_only` is set'
    : env.allowRemoteModels
      ? 'HF_HUB_OFFLINE is set'
      : '`env.allowRemoteModels` is false';
  const problem = `not complete in ${places.join(' or ')}, and ${why}; load it once with the hub.${await folderHint(model)}`;
  return new ModelNotFoundError(where, problem);
}
