import type {
  CreateCacheOptions,
  RestoreCacheOptions,
  RetentionRecorderOptions,
} from '@namm/kv-cache';
import type { WorkerPolicy } from './worker-policy.js';

/** What a cache in a worker may have that is asked of it by data. */
interface Recorded {
  /**
   * Records what each head holds after each update, in the worker; see `WorkerCache.retention`. The record of a
   * restored cache begins with its restored contents.
   * @defaultValue nothing is recorded
   */
  readonly recording?: RetentionRecorderOptions;
}

/** Options of a cache in a worker. */
export interface WorkerCacheOptions extends CreateCacheOptions<WorkerPolicy>, Recorded {}

/** Options of a cache restored in a worker. */
export interface RestoreWorkerCacheOptions extends RestoreCacheOptions<WorkerPolicy>, Recorded {}
