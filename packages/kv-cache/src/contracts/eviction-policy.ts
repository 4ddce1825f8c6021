import type { FloatArray } from '@namm/core';
import type { CacheShape } from './cache-shape.js';
import type { Observation, Probe, SpectrumFeeds } from './probe.js';
import type { SavedState } from './saved-state.js';

/** Slots to keep, per KV head of one layer, each ascending. Heads may keep different numbers. */
export type KeptSlots = readonly Uint32Array[];

/**
 * Called with the scores by which a policy is about to choose among the rows of one head. They belong to the first
 * rows, in order; later rows stay whatever their score. The array is valid only during the call.
 */
export type ScoreListener = (layer: number, head: number, scores: FloatArray) => void;

/** Read access to a cache, as a policy sees it after the rows of a pass were appended. */
export interface CacheView {
  readonly shape: CacheShape;
  /** Tokens the sequence has seen, evicted ones included; the newest is token `seen − 1`. */
  readonly seen: number;
  /** Position that the next token will have: `seen`, unless positions are compact. */
  readonly nextPosition: number;
  /** Rows that one head holds. */
  length(layer: number, head: number): number;
  /**
   * Keys of one head after RoPE, `[rows, headSize]`, as the model reads them; a fresh copy if they are stored in two
   * pieces or in reduced precision. New rows are in one piece.
   *
   * @param first first slot to return
   */
  keys(layer: number, head: number, first?: number): Float32Array;
  /** Values of one head, as {@link keys}. */
  values(layer: number, head: number, first?: number): Float32Array;
  /** Positions of one head's rows, as given to the model, ascending. */
  positions(layer: number, head: number): Int32Array;
  /** Numbers of the rows' tokens in the sequence, from 0, ascending. */
  tokens(layer: number, head: number): Int32Array;
}

/** Plain data, as JSON has it. */
export type PolicySettings = Readonly<Record<string, unknown>>;

/**
 * Decides which cached tokens a sequence keeps. One policy serves many sequences; the state of each is a PolicyState.
 */
export interface EvictionPolicy {
  readonly name: string;
  /**
   * Everything besides the name that affects decisions, as plain JSON data. A state that was saved under other settings
   * is refused.
   */
  readonly settings: PolicySettings;
  readonly probe: Probe;
  /** True when `select` never evicts; the cache then drops rows outside of windows in batches. */
  readonly keepsEverything?: boolean;
  /**
   * False if rows stay by their score alone, however many. Protected rows are then kept in addition; with a budget,
   * other rows are evicted in their place.
   * @defaultValue true
   */
  readonly hasBudget?: boolean;
  /**
   * The policy chooses only when the number of tokens seen is a multiple of this. A pass may reach such a multiple but
   * not cross it, so decoders end their chunks there.
   * @defaultValue after any pass
   */
  readonly updateInterval?: number;
  /** @throws {InvalidArgumentError} when the policy does not support caches of this shape */
  start(shape: CacheShape): PolicyState;
  /**
   * Restores the state that {@link PolicyState.save} wrote; it continues exactly as the saved one would have.
   *
   * A cache's file says which policy with which settings saved it, and is refused for others before this is called.
   *
   * @throws {FileFormatError} when the tensors are not those of such a state
   */
  restore(shape: CacheShape, saved: SavedState): PolicyState;
  /**
   * Makes a state of this policy from another policy's state, for {@link KVCache.copyUnder}. Omit it if the policy can
   * only use a state of its own.
   *
   * @throws {InvalidArgumentError} when the other state lacks what this policy remembers
   */
  takeOver?(shape: CacheShape, state: PolicyState): PolicyState;
}

/** What a policy remembers of one sequence. */
export interface PolicyState {
  /**
   * Receives the probe of one layer of one forward pass, before any eviction. Not called for `none`. The arrays belong
   * to the caller: copy what you need later.
   */
  observe(layer: number, observation: Observation): void;
  /**
   * Required with a `spectrum` probe: what to feed it in the next pass.
   *
   * @param queries of that pass
   */
  spectrumFeeds?(queries: number): SpectrumFeeds;
  /**
   * Slots to keep, for all layers at once; null for a layer that loses nothing.
   *
   * @param onScores called with the scores, if the policy has any and is choosing
   */
  select(view: CacheView, onScores?: ScoreListener): Promise<readonly (KeptSlots | null)[]>;
  /**
   * Drops the state of evicted tokens, so that state and cache stay aligned. Called for every eviction:
   * those of `select`, rows that left a sliding window, and evictions by hand.
   */
  retain(kept: readonly (KeptSlots | null)[]): void;
  fork(): PolicyState;
  /** Returns the whole state, for {@link EvictionPolicy.restore}; read it with {@link SavedStateReader}. */
  save(): SavedState;
  /** Bytes of this state, counted in every memory report; of memory shared with forks, only this state's part. */
  readonly bytes: number;
  /** Called when the cache is released: forks no longer count this state as a sharer. */
  release?(): void;
}
