import type { DecoderInput, DecoderSpec, StepOptions, StepResult } from '@namm/decoder';
import type { CacheMemory, CacheShape, KVCacheOptions } from '@namm/kv-cache';

/** The keys and values of one sequence, wherever they live: what a `KVCache` is. */
export interface SequenceCache {
  readonly shape: CacheShape;
  /** Tokens of the sequence so far, evicted ones included. */
  readonly seen: number;
  memory(): CacheMemory | Promise<CacheMemory>;
  fork(): SequenceCache | Promise<SequenceCache>;
  /** Frees the rows, where the cache is only a handle on them. */
  release?(): Promise<void>;
}

/** What computes, wherever it lives: what a `Decoder` is. */
export interface SequenceModel {
  readonly spec: DecoderSpec;
  readonly cacheShape: CacheShape;
  createCache(options?: KVCacheOptions): SequenceCache | Promise<SequenceCache>;
  step(
    items: readonly {
      readonly cache: SequenceCache;
      readonly input: DecoderInput;
      readonly outputs?: 'last' | 'all' | 'none';
    }[],
    options?: StepOptions,
  ): Promise<StepResult[]>;
  release(): Promise<void>;
}
