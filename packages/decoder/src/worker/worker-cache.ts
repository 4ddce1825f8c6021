import { checkNames, type RetentionRecord } from '@namm/core';
import type {
  CacheMemory,
  CacheShape,
  ProtectedSpan,
  RetentionTexts,
  SequenceCache,
} from '@namm/kv-cache';
import { CacheUseError } from '../errors.js';
import type { Connection } from './connection.js';
import type { RemoteCache } from './protocol.js';
import { WorkerDiedError } from './worker-errors.js';

/** What a handle knows of its cache in the worker. */
export interface CacheRecord {
  readonly id: number;
  readonly connection: Connection;
  seen: number;
  released: boolean;
}

const records = new WeakMap<WorkerCache, CacheRecord>();

/** Helps those who forget `release`: the rows of a handle that nobody can reach are freed. */
const unreachable = new FinalizationRegistry<CacheRecord>(release);

/**
 * A handle to the cache of one sequence in a worker, made by {@link DecoderWorker.createCache}. Release it when the
 * sequence is finished; its rows take memory until then.
 */
export class WorkerCache implements SequenceCache<WorkerCache> {
  readonly shape: CacheShape;
  readonly #record: CacheRecord;

  constructor({ id, shape, seen }: RemoteCache, connection: Connection) {
    this.shape = shape;
    this.#record = { id, connection, seen, released: false };
    records.set(this, this.#record);
    unreachable.register(this, this.#record);
  }

  /** Tokens of the sequence so far, evicted ones included, as of the last finished step. */
  get seen(): number {
    return this.#record.seen;
  }

  /**
   * What the cache holds, and the memory that takes.
   *
   * @throws {CacheUseError} when it was released
   * @throws {WorkerDiedError} when the worker has ended
   */
  async memory(): Promise<CacheMemory> {
    const { id, connection } = usable(this.#record);
    return await connection.call('memory', id);
  }

  /**
   * Sets the tokens that no policy may drop from now on; see `KVCache.protect`.
   *
   * @throws {InvalidArgumentError} when they overlap or one is invalid
   * @throws {CacheBusyError} while a step uses the cache
   * @throws {CacheUseError} when it was released
   * @throws {WorkerDiedError} when the worker has ended
   */
  async protect(spans: readonly ProtectedSpan[]): Promise<void> {
    const { id, connection } = usable(this.#record);
    await connection.call('protect', { cache: id, spans });
  }

  /**
   * A second cache with the same rows and policy state, independent from now on. Rows are shared until one of the two
   * changes them.
   *
   * @throws {CacheBusyError} while a step uses the cache
   * @throws {CacheUseError} when it was released
   * @throws {WorkerDiedError} when the worker has ended
   */
  async fork(): Promise<WorkerCache> {
    const { id, connection } = usable(this.#record);
    return new WorkerCache(await connection.call('fork', id), connection);
  }

  /**
   * Writes the cache and its policy's state to a file, atomically. {@link DecoderWorker.restoreCache} reads
   * it, and so does {@link Decoder.restoreCache}.
   *
   * @throws {CacheBusyError} while a step uses the cache
   * @throws {CacheUseError} when it was released
   * @throws {WorkerDiedError} when the worker has ended
   * @throws {CacheSaveError} when the file cannot be written; an older file of this name is then left unchanged
   */
  async save(path: string): Promise<void> {
    const { id, connection } = usable(this.#record);
    await connection.call('save', { cache: id, path });
  }

  /**
   * What each head held after each update, if the cache was made with `recording`; forks continue with records of their
   * own.
   *
   * @param texts texts that the recorder does not know, as for `RetentionRecorder.record`
   * @throws {InvalidArgumentError} when the number of ids, pieces or tokens in the parts differs from the tokens seen
   * @throws {CacheUseError} when it is not recorded, or was released
   * @throws {WorkerDiedError} when the worker has ended
   */
  async retention(texts: RetentionTexts = {}): Promise<RetentionRecord> {
    checkNames('retention', texts, ['ids', 'pieces', 'parts', 'notes']);
    const { id, connection } = usable(this.#record);
    return await connection.call('retention', { cache: id, texts });
  }

  /** Frees the rows, once any step that uses them has finished. A second call does nothing. */
  async release(): Promise<void> {
    await release(this.#record);
  }
}

/**
 * The record of a cache that was made by the worker at the other end of a connection.
 *
 * @throws {CacheUseError} when it was not, or was released
 */
export function recordOf(cache: unknown, connection: Connection): CacheRecord {
  const record = records.get(cache as WorkerCache);
  if (record?.connection === connection) return usable(record);
  throw new CacheUseError(
    'An item of the step has no cache of this worker; make one with createCache of this worker.',
  );
}

function usable(record: CacheRecord): CacheRecord {
  if (!record.released) return record;
  throw new CacheUseError('The cache was released; make another with createCache.');
}

async function release(record: CacheRecord): Promise<void> {
  if (record.released) return;
  record.released = true;
  try {
    await record.connection.call('releaseCache', record.id);
  } catch (error) {
    if (!(error instanceof WorkerDiedError)) throw error; // the rows went with the worker
  }
}
