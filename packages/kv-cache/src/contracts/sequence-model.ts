import type { ProgressListener } from '@namm/core';
import type { CacheMemory } from './cache-memory.js';
import type { CacheShape } from './cache-shape.js';
import type { Probe } from './probe.js';
import type { ProtectedSpan } from './protected-span.js';

/** What code that uses a model needs to know about it. */
export interface SequenceModelSpec {
  /**
   * Token ids range from 0 to below this, and a row of logits has this many numbers. Null for a model without a
   * vocabulary, which takes embeddings and returns hidden states.
   */
  readonly vocabularySize: number | null;
  /** Numbers per row of embeddings and of hidden states. */
  readonly hiddenSize: number;
  /** Number of positions that the model supports; longer input is refused. */
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
   * The new tokens whose logits and hidden states to return. The last layer continues with only these, so a token's
   * results may differ in rounding if others are requested as well.
   * @defaultValue `'last'`
   */
  readonly outputs?: 'last' | 'all' | 'none';
}

/** How a step runs. */
export interface StepOptions {
  /** Called after each chunk: stage `tokens`, done and total of this step. */
  readonly onProgress?: ProgressListener;
  /** Stops between chunks with the signal's reason; what was computed so far is in the caches. */
  readonly signal?: AbortSignal;
}

/** What a step computed for one sequence: one row per requested output. */
export interface StepResult {
  /** `[rows, vocabularySize]`; empty for a model without a vocabulary. */
  readonly logits: Float32Array;
  /** Hidden states after the last norm, `[rows, hiddenSize]`. */
  readonly hidden: Float32Array;
}

/** When a policy chooses; see {@link CreateCacheOptions.decideAfter}. */
export type DecideAfter = 'pass' | 'prompt' | number;

/**
 * Options of a cache. The policy is given in the form that the model takes: as code, or by name where code cannot be
 * passed.
 */
export interface CreateCacheOptions<Policy> {
  /**
   * Decides what is forgotten.
   * @defaultValue `full()`
   */
  readonly policy?: Policy;
  /**
   * Whether layers with a sliding window keep rows that no later query can see. Dropping these rows loses nothing.
   * @defaultValue false
   */
  readonly keepOutsideWindow?: boolean;
  /**
   * `absolute`: a token keeps the position it was read at. `compact`: when positions run out, the decoder closes the
   * gaps left by eviction, so that a cache with a budget can read input of any length; see `KVCache.closeGaps`. Each
   * row takes four more bytes. Cannot be combined with `keepOutsideWindow`.
   * @defaultValue 'absolute'
   */
  readonly positions?: 'absolute' | 'compact';
  /**
   * When the policy chooses. `pass`: after every pass of the model. `prompt`: once the whole input of a step has been
   * read, so that its end, such as a question, counts for all of it. A number: after each pass in which the tokens seen
   * reach or cross a multiple of it. Until then everything is held, and forks keep sharing. Cannot be combined with
   * policies that have their own interval.
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
  /** What it holds, and the memory that takes. */
  memory(): CacheMemory | Promise<CacheMemory>;
  /** Sets the tokens that no policy may drop from now on; replaces earlier ones. */
  protect(spans: readonly ProtectedSpan[]): void | Promise<void>;
  /** A second cache with the same rows, independent from now on. */
  fork(): Self | Promise<Self>;
  /** Writes it to a file, which {@link SequenceModel.restoreCache} reads. */
  save(path: string): Promise<void>;
  /** Frees the rows at once. */
  release(): Promise<void>;
}

/**
 * A model that steps caches, for code that does not depend on the kind of model or the thread it runs in. Such code
 * awaits everything that may be a promise, and is generic over the cache.
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
  /** What it reports about the attention. */
  readonly probe: Probe;
  /** Most tokens that it reads at once. */
  readonly chunkSize: number;
  /** Shape of the caches that fit it. */
  readonly cacheShape: CacheShape;
  createCache(options?: CreateCacheOptions<Policy>): Cache | Promise<Cache>;
  restoreCache(path: string, options?: RestoreCacheOptions<Policy>): Promise<Cache>;
  /** Feeds each sequence its new tokens; its policy evicts along the way. */
  step(items: readonly StepItem<Cache>[], options?: StepOptions): Promise<StepResult[]>;
  /** Frees the model. */
  release(): Promise<void>;
}
