import type { FloatArray } from '@namm/core';
import type { CacheShape } from './cache-shape.js';
import type { Observation, Probe, SpectrumFeeds } from './probe.js';
import type { SavedState } from './saved-state.js';

/** Slots that stay, per KV head of one layer, each ascending. Heads may keep different numbers. */
export type KeptSlots = readonly Uint32Array[];

/**
 * Is told the scores by which a policy is about to choose among the rows of one head: those of the first
 * rows, in order; rows behind them stay whatever their score. The array is valid during the call only.
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
   * Keys of one head after RoPE, `[rows, headSize]`, as the model reads them; a fresh copy when they lie in two pieces
   * or are held in few bits. New rows lie in one piece.
   *
   * @param first slot that is wanted
   */
  keys(layer: number, head: number, first?: number): Float32Array;
  /** Values of one head, as {@link keys}. */
  values(layer: number, head: number, first?: number): Float32Array;
  /** Positions that the model was told for the rows of one head, ascending. */
  positions(layer: number, head: number): Int32Array;
  /** Numbers of the rows' tokens in the sequence, from 0, ascending. */
  tokens(layer: number, head: number): Int32Array;
}

/** Plain data, as JSON has it. */
export type PolicySettings = Readonly<Record<string, unknown>>;

/** Decides which cached tokens a sequence keeps. Shareable; the state of one sequence is a PolicyState. */
export interface EvictionPolicy {
  readonly name: string;
  /**
   * All that decides beside the name, as plain JSON data: a state that was saved under other settings is
   * refused.
   */
  readonly settings: PolicySettings;
  readonly probe: Probe;
  /** True when `select` never evicts; the cache then drops rows outside of windows in batches. */
  readonly keepsEverything?: boolean;
  /**
   * False when rows stay by their worth alone, however many. Protected rows then come on top; else others go for them.
   * @defaultValue true
   */
  readonly hasBudget?: boolean;
  /**
   * The policy chooses only when the tokens seen are a multiple of this, so a pass may reach such a
   * multiple but not cross it: decoders cut their chunks there.
   * @defaultValue any pass will do
   */
  readonly updateInterval?: number;
  /** @throws {InvalidArgumentError} when the policy cannot serve caches of this shape */
  start(shape: CacheShape): PolicyState;
  /**
   * The state that {@link PolicyState.save} wrote, which goes on as the saved one would have.
   *
   * A cache's file says which policy with which settings saved it, and is refused for others before this is called.
   *
   * @throws {FileFormatError} when the tensors are not those of such a state
   */
  restore(shape: CacheShape, saved: SavedState): PolicyState;
  /**
   * A state of this policy that remembers what another policy's does; for {@link KVCache.copyUnder}. Left out
   * where only a state of its own will do.
   *
   * @throws {InvalidArgumentError} when the state does not hold what this policy remembers
   */
  takeOver?(shape: CacheShape, state: PolicyState): PolicyState;
}

/** What a policy remembers of one sequence. */
export interface PolicyState {
  /**
   * Takes in the probe of one layer of one forward pass, before any eviction. Not called for `none`.
   * The arrays belong to the caller: what is needed later must be copied.
   */
  observe(layer: number, observation: Observation): void;
  /**
   * Needed with a `spectrum` probe: what it is fed in the next pass.
   *
   * @param queries of that pass
   */
  spectrumFeeds?(queries: number): SpectrumFeeds;
  /**
   * Slots to keep, for all layers at once; null for a layer that loses nothing.
   *
   * @param onScores wants to know the scores, where the policy has any and is choosing
   */
  select(view: CacheView, onScores?: ScoreListener): Promise<readonly (KeptSlots | null)[]>;
  /**
   * Drops the state of evicted tokens, so that state and cache stay aligned. Called for every eviction:
   * those of `select`, rows that left a sliding window, and evictions by hand.
   */
  retain(kept: readonly (KeptSlots | null)[]): void;
  fork(): PolicyState;
  /** Everything remembered, for {@link EvictionPolicy.restore}; {@link SavedStateReader} reads it. */
  save(): SavedState;
  /** Bytes of what the policy remembers, counted in every memory report; of what forks share, this one's part. */
  readonly bytes: number;
  /** Called when the cache is released: forks stop counting this state among those that share something. */
  release?(): void;
}
