export { createScorer } from './create-scorer.js';
export { parameterSlices } from './parameter-slices.js';
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
