import type { CacheMemory, CacheShape, KVCacheOptions, Probe } from '@namm/kv-cache';
import type { StepItem, StepOptions, StepResult } from './decoder.js';
import type { DecoderSpec } from './spec/decoder-spec.js';

/** Options of a cache, with the policy as the decoder takes it. */
export type CreateCacheOptions<Policy> = Omit<KVCacheOptions, 'policy' | 'recorder'> & {
  /** @defaultValue `full()` */
  readonly policy?: Policy;
};

/** Options of a cache that is restored: the policy it was saved with. */
export type RestoreCacheOptions<Policy> = Pick<CreateCacheOptions<Policy>, 'policy'>;

/** What a `KVCache` and a {@link WorkerCache} have in common. */
export interface CacheLike<Self> {
  readonly shape: CacheShape;
  /** Tokens of the sequence so far, evicted ones included. */
  readonly seen: number;
  memory(): CacheMemory | Promise<CacheMemory>;
  fork(): Self | Promise<Self>;
  save(path: string): Promise<void>;
  /** Frees the rows at once. */
  release(): Promise<void>;
}

/**
 * What {@link Decoder} and {@link DecoderWorker} have in common, for code that does not care where the
 * model lives. Such code awaits what may be a promise, and is generic over the cache.
 *
 * @example
 * ```ts
 * async function score<Cache extends CacheLike<Cache>>(model: DecoderLike<Cache>, ids: number[]) {
 *   const cache = await model.createCache();
 *   const [{ logits }] = await model.step([{ cache, input: { ids }, outputs: 'all' }]);
 *   await cache.release();
 *   …
 * }
 * ```
 */
export interface DecoderLike<Cache extends CacheLike<Cache>, Policy = never> {
  readonly spec: DecoderSpec;
  readonly probe: Probe;
  readonly chunkSize: number;
  readonly cacheShape: CacheShape;
  createCache(options?: CreateCacheOptions<Policy>): Cache | Promise<Cache>;
  restoreCache(path: string, options?: RestoreCacheOptions<Policy>): Promise<Cache>;
  step(items: readonly StepItem<Cache>[], options?: StepOptions): Promise<StepResult[]>;
  release(): Promise<void>;
}
