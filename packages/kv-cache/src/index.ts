export { type Budget, type BudgetInput, parseBudget, slotsPerHead } from './budget.js';
export {
  CacheBusyError,
  CacheFailedError,
  CacheFullError,
  CacheMismatchError,
  CacheReleasedError,
  CacheSaveError,
  InvalidScoreError,
  InvalidSelectionError,
} from './cache-errors.js';
export type { GapScope } from './closed-positions.js';
export { hasCompactPositions } from './compact-positions.js';
export type { CacheMemory } from './contracts/cache-memory.js';
export type {
  CacheDtype,
  CacheShape,
  KeyRotation,
  LayerShape,
  StateShape,
} from './contracts/cache-shape.js';
export type { CacheUpdate, LayerRows } from './contracts/cache-update.js';
export type {
  CacheView,
  EvictionPolicy,
  KeptSlots,
  PolicySettings,
  PolicyState,
  ScoreListener,
} from './contracts/eviction-policy.js';
export type {
  AttentionProbe,
  Observation,
  Probe,
  SpectrumFeeds,
  SpectrumObservation,
  SpectrumProbe,
} from './contracts/probe.js';
export type { ProtectedSpan } from './contracts/protected-span.js';
export type { RowScorer, RowScorerState } from './contracts/row-scorer.js';
export type { SavedState, StateArray, StateTensor } from './contracts/saved-state.js';
export type { KeysAndValues, Segments, StoredRows } from './contracts/segments.js';
export type {
  CreateCacheOptions,
  DecideAfter,
  RestoreCacheOptions,
  SequenceCache,
  SequenceInput,
  SequenceModel,
  SequenceModelSpec,
  StepItem,
  StepOptions,
  StepResult,
} from './contracts/sequence-model.js';
export { type CreatePolicyOptions, createPolicy, policyNames } from './create-policy.js';
export { decideAfterChoices } from './decide-after.js';
export { groupByProbe } from './group-by-probe.js';
export { keptShare } from './kept-share.js';
export { type CacheLease, KVCache, type KVCacheOptions } from './kv-cache.js';
export { canLookOn, Onlookers, type OnlookersChoice } from './onlookers.js';
export { type AdaKVOptions, adaKV } from './policies/ada-kv.js';
export {
  type CompactorOptions,
  type CompactorScorerOptions,
  compactor,
  compactorScorer,
} from './policies/compactor.js';
export { type EveryKthOptions, everyKth, everyKthScorer } from './policies/every-kth.js';
export {
  type ExpectedAttentionOptions,
  type ExpectedAttentionScorerOptions,
  expectedAttention,
  expectedAttentionScorer,
} from './policies/expected-attention.js';
export { full } from './policies/full.js';
export { type H2OOptions, h2o, h2oScorer } from './policies/h2o.js';
export {
  type InfiniPotVOptions,
  type InfiniPotVSettings,
  infiniPotV,
  infiniPotVScorer,
} from './policies/infini-pot-v.js';
export { type KeyDiffOptions, keyDiff, keyDiffScorer } from './policies/key-diff.js';
export { type L2NormOptions, l2Norm, l2NormScorer } from './policies/l2-norm.js';
export {
  type ObservedAttentionOptions,
  observedAttention,
  observedAttentionScorer,
} from './policies/observed-attention.js';
export {
  type ProtectedRandomOptions,
  protectedRandom,
  protectedRandomScorer,
} from './policies/protected-random.js';
export { type PyramidKVOptions, pyramidKV } from './policies/pyramid-kv.js';
export { type RandomOptions, random, randomScorer } from './policies/random.js';
export { type SinkRecentOptions, sinkRecent, sinkRecentScorer } from './policies/sink-recent.js';
export {
  type SnapKVOptions,
  type SnapKVScorerOptions,
  snapKV,
  snapKVScorer,
} from './policies/snap-kv.js';
export { type TaughtPolicyOptions, taughtPolicy } from './policies/taught-policy.js';
export { type TovaOptions, tova, tovaScorer } from './policies/tova.js';
export {
  type TriAttentionOptions,
  type TriAttentionScorerOptions,
  triAttention,
  triAttentionScorer,
} from './policies/tri-attention.js';
export { positionsFor } from './positions-for.js';
export { readRetentionRecord } from './retention/read-retention-record.js';
export { writeRetentionRecord } from './retention/write-retention-record.js';
export {
  RetentionRecorder,
  type RetentionRecorderOptions,
  type RetentionTexts,
} from './retention-recorder.js';
export type { RotateKeys } from './row-buffer.js';
export { SavedStateReader } from './saved-state-reader.js';
export { type AdaptiveHeadsOptions, adaptiveHeads } from './scoring/adaptive-heads.js';
export { bestAcross } from './scoring/best-across.js';
export { type GivenCounts, givenHeads } from './scoring/given-heads.js';
export type { HeadAllocation, LayerToDivide } from './scoring/head-allocation.js';
export type { LayerAllocation } from './scoring/layer-allocation.js';
export { type PyramidBudgetsOptions, pyramidBudgets } from './scoring/pyramid-budgets.js';
export { type PyramidLayersOptions, pyramidLayers } from './scoring/pyramid-layers.js';
export { featuresPerToken, RowFeatures } from './scoring/row-features.js';
export { type RowScorerParts, rowScorer, type ScoredHead } from './scoring/row-scorer.js';
export type { RowArray } from './scoring/row-values.js';
export { type ScoredPolicyOptions, scoredPolicy } from './scoring/scored-policy.js';
export { scoreTokens, type TaughtLayer, type TaughtMap, taughtMap } from './scoring/taught-map.js';
export { TopSlots } from './scoring/top-slots.js';
export { valueWeighted } from './scoring/value-weighted.js';
export { cacheDtypes, rowBytes, stateBytes } from './stored-rows.js';
