import type { CacheShape, LayerShape } from './cache-shape.js';
import type { CacheView, KeptSlots, PolicySettings } from './eviction-policy.js';
import type { Observation, Probe } from './probe.js';
import type { SavedState } from './saved-state.js';

/**
 * Rates the rows of a cache; the highest scores stay. How many stay is not the scorer's business but the
 * budget's and the allocation's: see {@link scoredPolicy}. {@link rowScorer} makes most of them.
 */
export interface RowScorer {
  readonly name: string;
  /** All that decides beside the name, as plain JSON data. */
  readonly settings: PolicySettings;
  readonly probe: Probe;
  /** Newest rows of a head that stay whatever their score, when the head may keep `slots` rows. */
  protectedRows(slots: number): number;
  /** Bytes that the state takes per row and KV head. */
  bytesPerRow(layer: LayerShape): number;
  /**
   * Bytes that the state takes whatever the rows; a budget in bytes pays for them, too.
   * @defaultValue 0
   */
  fixedBytes?(shape: CacheShape): number;
  start(shape: CacheShape): RowScorerState;
  /**
   * The state that {@link RowScorerState.save} wrote.
   *
   * @throws {FileFormatError} when the tensors are not those of this scorer
   */
  restore(shape: CacheShape, saved: SavedState): RowScorerState;
}

/** What a scorer remembers of one sequence; observe, retain, fork, save, bytes and release as in a PolicyState. */
export interface RowScorerState {
  observe(layer: number, observation: Observation): void;
  /**
   * Writes the scores of a layer, `[length]` per head. Scores of protected rows are not read.
   *
   * @param slots rows that each head may keep, `[heads]`
   */
  score(
    view: CacheView,
    layer: number,
    slots: readonly number[],
    scores: readonly Float64Array[],
  ): void;
  /** Called when a pass is over: what was only remembered for its scores can go. */
  endPass(): void;
  retain(kept: readonly (KeptSlots | null)[]): void;
  fork(): RowScorerState;
  /** Everything remembered, for {@link RowScorer.restore}. Called between passes. */
  save(): SavedState;
  readonly bytes: number;
  release?(): void;
}
