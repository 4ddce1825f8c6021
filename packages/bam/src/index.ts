export {
  type FeatureSettings,
  type HeadBias,
  type NammCheckpoint,
  normalisedFeatures,
  type PolicySettings,
  publishedFeatures,
} from './checkpoint.js';
export { createScorer } from './create-scorer.js';
export { readCheckpoint } from './read-checkpoint.js';
export {
  type ImportOptions,
  importReferenceCheckpoint,
  type ReferenceState,
  readReferenceState,
} from './reference-checkpoint.js';
export { NonFiniteScoreError, type Scorer } from './scorer.js';
export {
  type BamSettings,
  checkSettings,
  type LinearSettings,
  type MlpSettings,
  type ParameterSlice,
  parameterCount,
  parameterLayout,
  publishedBam,
  type ScorerSettings,
} from './scorer-settings.js';
export { slowScores } from './slow-scores.js';
export type { TorchArray, TorchDtype, TorchTensor } from './torch/torch-tensor.js';
export { writeCheckpoint } from './write-checkpoint.js';
