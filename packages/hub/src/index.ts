export {
  DownloadError,
  MissingWeightsError,
  ModelAccessError,
  type ModelFile,
  ModelNotFoundError,
} from './errors.js';
export { ggufPlace } from './fetch-gguf.js';
export type { Hub } from './hub.js';
export type { HubEvent } from './loading-progress.js';
export { isModelId } from './repository.js';
export { defaultCacheFolder, type ResolveOptions, resolveModel } from './resolve-model.js';
export type { RetryPolicy } from './retry.js';
