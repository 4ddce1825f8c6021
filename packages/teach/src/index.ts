export {
  type CompressOptions,
  KVzip,
  type KVzipOptions,
  type RepeatingModel,
  repeatPrompt,
} from './kvzip.js';
export { type KVzipContender, kvzipContenders } from './kvzip-contenders.js';
export { openTaught } from './open-taught.js';
export { cutPassages, type PassageOptions, type TeachingPassage } from './passages.js';
export { scoreQuantiles } from './score-quantiles.js';
export { type TaughtOptions, taught } from './taught.js';
export { readTaught, type TaughtCheckpoint, writeTaught } from './taught-file.js';
export type { TaughtModel } from './taught-model.js';
export { TeachError } from './teach-error.js';
export {
  type TaughtScorer,
  type TeachOptions,
  teachScorer,
} from './teach-scorer.js';
