import type { CacheShape, LayerShape } from './cache-shape.js';
import type { CacheView, KeptSlots, PolicySettings } from './eviction-policy.js';
import type { Observation, Probe } from './probe.js';
import type { SavedState } from './saved-state.js';

/**
 * Scores the rows of a cache; the rows with the highest scores stay. How many stay is decided by the budget and the
 * allocation, not by the scorer: see {@link scoredPolicy}. Most scorers are made with {@link rowScorer}.
 */
export interface RowScorer {
  readonly name: string;
  /** Everything besides the name that affects scores, as plain JSON data. */
  readonly settings: PolicySettings;
  readonly probe: Probe;
  /** Newest rows of a head that stay whatever their score, when the head may keep `slots` rows. */
  protectedRows(slots: number): number;
  /** Bytes that the state takes per row and KV head. */
  bytesPerRow(layer: LayerShape): number;
  /**
   * Bytes that the state takes regardless of the rows; a budget in bytes includes them.
   * @defaultValue 0
   */
  fixedBytes?(shape: CacheShape): number;
  start(shape: CacheShape): RowScorerState;
  /**
   * Restores the state that {@link RowScorerState.save} wrote.
   *
   * @throws {FileFormatError} when the tensors are not those of this scorer
   */
  restore(shape: CacheShape, saved: SavedState): RowScorerState;
}

/** What a scorer remembers of one sequence; observe, retain, fork, save, bytes and release work as in a PolicyState. */
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
  /** Called at the end of a pass: drop what was only needed for its scores. */
  endPass(): void;
  retain(kept: readonly (KeptSlots | null)[]): void;
  fork(): RowScorerState;
  /** Returns the whole state, for {@link RowScorer.restore}. Called between passes. */
  save(): SavedState;
  readonly bytes: number;
  release?(): void;
}
