export { InvalidAttentionError } from './attention-error.js';
export { FeatureEncoder, type FeatureEncoderOptions, type HeadTokens } from './feature-encoder.js';
export { type AttentionPass, FeatureState, type FeatureStateOptions } from './feature-state.js';
export { type FoldedFrames, type FoldInput, foldFrames } from './fold-frames.js';
export { completedFrames, frameWeights, pendingRows, returnedRows } from './frame-grid.js';
export { checkKeyFeatures, type KeyFeature, keyFeatures, measureKeys } from './key-features.js';
export { meansNearby } from './means-nearby.js';
export { findNormaliserProblem, type Normaliser } from './normaliser.js';
export { RecencyEmbedding, type RecencySettings } from './recency-embedding.js';
export type { SavedFeatures } from './saved-features.js';
export {
  type NormaliserScope,
  normaliserScopes,
  SpectrumStatistics,
  type SpectrumStatisticsData,
} from './spectrum-statistics.js';
export { bins, hannWindow, hop, publishedDecay, spectrumKernel, windowSize } from './stft.js';
export type { Storage } from './stored-row.js';
