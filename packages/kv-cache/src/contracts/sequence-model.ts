import type { ProgressListener } from '@namm/core';
import type { CacheMemory } from './cache-memory.js';
import type { CacheShape } from './cache-shape.js';
import type { Probe } from './probe.js';
import type { ProtectedSpan } from './protected-span.js';

/** What code above a model has to know of it. */
export interface SequenceModelSpec {
  /**
   * Token ids go from 0 to below this, and a row of logits has as many numbers. Null for a model without a
   * vocabulary: it takes embeddings and gives hidden states.
   */
  readonly vocabularySize: number | null;
  /** Numbers per row of embeddings and of hidden states. */
  readonly hiddenSize: number;
  /** Positions that the model can tell apart; input beyond them is refused. */
  readonly maximumPositions: number;
}

/** New tokens: ids, or rows `[tokens, hiddenSize]` that stand in for their embeddings (after any scaling). */
export type SequenceInput = (
  | { readonly ids: ArrayLike<number> }
  | { readonly embeddings: Float32Array }
) & {
  /**
   * Positions `[tokens, axes]`, for a model whose {@link CacheShape.positionAxes} says how many axes there are.
   * @defaultValue consecutive numbers
   */
  readonly positions?: Int32Array;
};

/** One sequence in a step. */
export interface StepItem<Cache> {
  readonly cache: Cache;
  readonly input: SequenceInput;
  /**
   * The new tokens whose logits and hidden states are wanted. The last layer goes on with these alone, so those
   * of one token differ in rounding when others are asked for as well.
   * @defaultValue `'last'`
   */
  readonly outputs?: 'last' | 'all' | 'none';
}

/** How a step runs. */
export interface StepOptions {
  /** Told after each chunk: stage `tokens`, done and total of this step. */
  readonly onProgress?: ProgressListener;
  /** Stops between chunks with the signal's reason; what was computed until then is in the caches. */
  readonly signal?: AbortSignal;
}

/** What a step computed for one sequence: one row per output asked for. */
export interface StepResult {
  /** `[rows, vocabularySize]`; empty for a model without a vocabulary. */
  readonly logits: Float32Array;
  /** Hidden states after the last norm, `[rows, hiddenSize]`. */
  readonly hidden: Float32Array;
}

/** When a policy chooses; see {@link CreateCacheOptions.decideAfter}. */
export type DecideAfter = 'pass' | 'prompt' | number;

/** Options of a cache, with the policy as the model takes it: code, or its name where code cannot go. */
export interface CreateCacheOptions<Policy> {
  /**
   * Decides what is forgotten.
   * @defaultValue `full()`
   */
  readonly policy?: Policy;
  /**
   * Whether layers with a sliding window keep rows that no later query can see. Dropping them loses
   * nothing.
   * @defaultValue false
   */
  readonly keepOutsideWindow?: boolean;
  /**
   * `absolute`: a token keeps the position it was read at. `compact`: when positions run out, the decoder
   * closes the gaps that eviction has left, so that a cache with a budget serves input of any length; see
   * `KVCache.closeGaps`. A row costs four bytes more. Not together with `keepOutsideWindow`.
   * @defaultValue 'absolute'
   */
  readonly positions?: 'absolute' | 'compact';
  /**
   * When the policy chooses: after every `pass` of the model, or when a whole input of a step has been read (`prompt`),
   * so that what it ends with, such as a question, decides about all of it, or, a number, after each pass in which the
   * tokens seen reach or cross a multiple of it. Until then everything is held, in full, and what forks share stays
   * shared. Not with policies that choose at intervals of their own.
   * @defaultValue 'pass'
   */
  readonly decideAfter?: DecideAfter;
}

/** Options of a cache that is restored: the policy it was saved with. */
export type RestoreCacheOptions<Policy> = Pick<CreateCacheOptions<Policy>, 'policy'>;

/** The cache of one sequence, in this thread or elsewhere. */
export interface SequenceCache<Self> {
  readonly shape: CacheShape;
  /** Tokens of the sequence so far, evicted ones included. */
  readonly seen: number;
  /** What it holds and what that costs. */
  memory(): CacheMemory | Promise<CacheMemory>;
  /** Tokens that no policy may drop from here on, in place of those that were protected until now. */
  protect(spans: readonly ProtectedSpan[]): void | Promise<void>;
  /** A second cache with the same rows that goes its own way from here. */
  fork(): Self | Promise<Self>;
  /** Writes it to a file, which {@link SequenceModel.restoreCache} reads. */
  save(path: string): Promise<void>;
  /** Frees the rows at once. */
  release(): Promise<void>;
}

/**
 * A model that steps caches, for code that does not care where or what it is. Such code awaits what may be a
 * promise, and is generic over the cache.
 *
 * @example
 * ```ts
 * async function score<Cache extends SequenceCache<Cache>>(model: SequenceModel<Cache>, ids: number[]) {
 *   const cache = await model.createCache();
 *   const [{ logits }] = await model.step([{ cache, input: { ids }, outputs: 'all' }]);
 *   await cache.release();
 *   …
 * }
 * ```
 */
export interface SequenceModel<Cache extends SequenceCache<Cache>, Policy = never> {
  readonly spec: SequenceModelSpec;
  /** What it reports of the attention. */
  readonly probe: Probe;
  /** Tokens that it reads at once, at most. */
  readonly chunkSize: number;
  /** Shape of the caches that fit it. */
  readonly cacheShape: CacheShape;
  createCache(options?: CreateCacheOptions<Policy>): Cache | Promise<Cache>;
  restoreCache(path: string, options?: RestoreCacheOptions<Policy>): Promise<Cache>;
  /** Feeds each sequence its new tokens; its policy evicts as it goes. */
  step(items: readonly StepItem<Cache>[], options?: StepOptions): Promise<StepResult[]>;
  /** Frees the model. */
  release(): Promise<void>;
}
