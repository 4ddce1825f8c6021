import type { EvaluatedCandidate } from '../candidate.js';
import type { HistoryRecord } from '../history.js';
import type { ResolvedOptions } from '../options.js';
import type { DistributionState } from '../search-distribution.js';
import type { StopReason } from '../stop.js';

/** Everything that a strategy is at a moment, except what follows from it. */
export interface StrategyState extends DistributionState {
  readonly options: ResolvedOptions;
  /** Whether the normal numbers come from a function of the caller's, which no file holds. */
  readonly ownNormals: boolean;
  readonly generation: number;
  readonly evaluations: number;
  readonly flatGenerations: number;
  readonly effort: number;
  readonly initialDeviation: number;
  readonly best: EvaluatedCandidate | null;
  readonly stopReason: StopReason | null;
  readonly history: readonly HistoryRecord[];
  /** Results of the generation that is under way; null when none was asked for yet. */
  readonly fitness: Float64Array | null;
  readonly told: Uint8Array | null;
  /** Points for the next generation, and those in the one under way. */
  readonly injected: readonly Float64Array[];
  readonly used: readonly Float64Array[];
  readonly penalty: { readonly weights: Float64Array; readonly ranges: Float64Array } | null;
}
