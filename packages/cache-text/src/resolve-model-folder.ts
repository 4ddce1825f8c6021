import { join } from 'node:path';
import { env, type ProgressCallback } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { ggufPlace, isModelId, type RetryPolicy, resolveModel } from '@namm/hub';

export interface ResolveFolderOptions {
  readonly revision: string;
  /** Folder inside the repository; empty for its root. */
  readonly subfolder: string;
  readonly cacheFolder: string | null;
  readonly localFilesOnly: boolean;
  readonly signal: AbortSignal | undefined;
  readonly progressCallback: ProgressCallback | null;
  readonly retries?: RetryPolicy;
}

/**
 * Finds the folder of a model where transformers.js would look, by its `env`: a path, a model in
 * `env.localModelPath`, one in its cache folder, or one on the hub, in this order.
 *
 * @returns a folder with `config.json` and safetensors, a GGUF file, or a folder that holds one
 * @throws what `resolveModel` of `@namm/hub` throws
 */
export async function resolveModelFolder(
  model: string,
  options: ResolveFolderOptions,
): Promise<string> {
  const { revision, subfolder, localFilesOnly, signal, progressCallback, retries } = options;
  const isId = isModelId(model) || ggufPlace(model) !== null;
  const offline = localFilesOnly
    ? '`local_files_only` is set'
    : env.allowRemoteModels
      ? null
      : '`env.allowRemoteModels` is false';
  if (!env.allowLocalModels && (offline !== null || !isId)) {
    const problem =
      'local models are disabled (env.allowLocalModels), so a model id and the hub are needed';
    throw new InvalidArgumentError('model', `'${model}': ${problem}`);
  }
  const cacheFolder = options.cacheFolder ?? env.cacheDir;
  if (!cacheFolder && isId) {
    const problem = 'there is no folder for downloads; set `cache_dir` or `env.cacheDir`';
    throw new InvalidArgumentError('cache_dir', problem);
  }
  const localFolder = isModelId(model) ? join(env.localModelPath, model) : model;
  return resolveModel(model, {
    revision,
    subfolder,
    gguf: true,
    localFolder: env.allowLocalModels ? localFolder : null,
    ...(cacheFolder ? { cacheFolder } : {}),
    ...(offline === null ? {} : { offline }),
    ...(signal ? { signal } : {}),
    ...(progressCallback ? { onEvent: progressCallback } : {}),
    ...(retries ? { retries } : {}),
    hub: {
      host: env.remoteHost,
      pathTemplate: env.remotePathTemplate,
      fetch: (url, init) => env.fetch(url, init),
      userAgent: `@namm/cache-text; transformers.js/${env.version}`,
    },
  });
}
