import type { ProgressEvent } from '@namm/core';
import {
  CacheBusyError,
  type KVCache,
  type KVCacheOptions,
  RetentionRecorder,
} from '@namm/kv-cache';
import { Decoder } from '../decoder.js';
import { CacheUseError } from '../errors.js';
import { loadPolicy } from './load-policy.js';
import { toPortable } from './portable-error.js';
import type { Call, Method, Methods, RemoteCache, StepAnswer } from './protocol.js';
import type { WorkerCacheOptions } from './worker-cache-options.js';
import { isWorkerPolicy } from './worker-policy.js';

type Report = (event: ProgressEvent) => void;
type Parameters<M extends Method> = Methods[M]['parameters'];
type Answer<M extends Method> = Methods[M]['answer'] | Promise<Methods[M]['answer']>;
type Handlers = { [M in Method]: (parameters: Parameters<M>, report: Report) => Answer<M> };

/** In the worker thread: the model, its caches by number, and what the caller can ask of them. */
export class ModelHost {
  #decoder: Decoder | null = null;
  readonly #caches = new Map<number, KVCache>();
  #lastCache = 0;
  readonly #handlers: Handlers = {
    load: (parameters) => this.#load(parameters),
    createCache: async (options) => {
      return this.#add(this.#loaded().createCache(await withPolicy(options)));
    },
    restoreCache: async ({ path, options }) => {
      const cache = await this.#loaded().restoreCache(path, await withPolicy(options));
      cache.recorder?.changed(cache); // so that its record begins with what it came back with
      return this.#add(cache);
    },
    step: (parameters, report) => this.#step(parameters, report),
    memory: (id) => this.#cache(id).memory(),
    cacheBytes: () => this.#cacheBytes(),
    retention: ({ cache, texts }) => {
      const { recorder } = this.#cache(cache);
      if (recorder !== null) return recorder.record(texts);
      throw new CacheUseError('The cache is not recorded; make it with the option recording.');
    },
    protect: ({ cache, spans }) => void this.#cache(cache).protect(spans),
    fork: (id) => this.#add(this.#cache(id).fork()),
    save: async ({ cache, path }) => void (await this.#cache(cache).save(path)),
    releaseCache: async (id) => {
      const cache = this.#caches.get(id);
      this.#caches.delete(id);
      try {
        await cache?.release();
      } catch (error) {
        // A step still holds it; nobody does after that.
        if (!(error instanceof CacheBusyError)) throw error;
      }
    },
  };

  /** @throws whatever the decoder, the cache or the policy throws */
  async answer<M extends Method>(call: Call<M>, report: Report): Promise<Methods[M]['answer']> {
    return await this.#handlers[call.method](call.parameters, report);
  }

  async #load({ path, options }: Parameters<'load'>): Promise<Methods['load']['answer']> {
    const { probe, ...rest } = options;
    const wanted = isWorkerPolicy(probe) ? (await loadPolicy(probe)).probe : probe;
    const decoder = await Decoder.load(
      path,
      wanted === undefined ? rest : { ...rest, probe: wanted },
    );
    this.#decoder = decoder;
    const { spec, chunkSize, cacheShape } = decoder;
    return { spec, probe: decoder.probe, chunkSize, cacheShape };
  }

  async #step(parameters: Parameters<'step'>, report: Report): Promise<StepAnswer> {
    const items = parameters.items.map((item) => ({ ...item, cache: this.#cache(item.cache) }));
    const seen = () => items.map(({ cache }) => cache.seen);
    const abort = new AbortController();
    const stop = new Int32Array(parameters.stop);
    const stopIfWanted = () => {
      if (Atomics.load(stop, 0) !== 0) abort.abort();
    };
    stopIfWanted();
    try {
      const results = await this.#loaded().step(items, {
        signal: abort.signal,
        onProgress: (event) => {
          stopIfWanted();
          if (parameters.reportProgress) report(event);
        },
      });
      return { kind: 'done', seen: seen(), results };
    } catch (error) {
      if (abort.signal.aborted && error === abort.signal.reason) {
        return { kind: 'stopped', seen: seen() };
      }
      return { kind: 'failed', seen: seen(), error: toPortable(error) };
    }
  }

  /** Every buffer once, also where forks share it. */
  #cacheBytes(): number {
    let sum = 0;
    for (const cache of this.#caches.values()) {
      const { allocated, sharedPart, policy } = cache.memory().bytes;
      sum += allocated + sharedPart + policy;
    }
    return Math.round(sum);
  }

  #add(cache: KVCache): RemoteCache {
    const id = ++this.#lastCache;
    this.#caches.set(id, cache);
    return { id, shape: cache.shape, seen: cache.seen };
  }

  #cache(id: number): KVCache {
    const cache = this.#caches.get(id);
    if (cache) return cache;
    throw new CacheUseError('The cache was released.');
  }

  #loaded(): Decoder {
    if (this.#decoder) return this.#decoder;
    throw new Error('The worker holds no model.');
  }
}

/** Options of a cache with the policy that they name, and a recorder if it is to have one. */
async function withPolicy(options: WorkerCacheOptions): Promise<KVCacheOptions> {
  const { policy, recording, ...rest } = options;
  return {
    ...rest,
    ...(policy && { policy: await loadPolicy(policy) }),
    ...(recording && { recorder: new RetentionRecorder(recording) }),
  };
}
