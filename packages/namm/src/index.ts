export {
  type DecisionSettings,
  type FeatureSettings,
  type HeadBias,
  type NammCheckpoint,
  normalisedFeatures,
  publishedFeatures,
} from './checkpoint/checkpoint.js';
export { readCheckpoint } from './checkpoint/read-checkpoint.js';
export {
  type ImportOptions,
  importReferenceCheckpoint,
  type ReferenceState,
  readReferenceState,
} from './checkpoint/reference-checkpoint.js';
export { writeCheckpoint } from './checkpoint/write-checkpoint.js';
export { EchoCollector, type EchoCollectorOptions, echoText } from './echo-collector.js';
export { type LoadNammOptions, loadNamm } from './load-namm.js';
export { type NammOptions, namm } from './namm.js';
export { type RandomNammOptions, randomNamm, withRandomParameters } from './random-namm.js';
export { randomNammFor } from './random-namm-for.js';
export { type SelectionLimits, type SelectionSemantics, selectSlots } from './select-slots.js';
export { shareNormaliser } from './share-normaliser.js';
export {
  calibrate,
  SpectrumCollector,
  type SpectrumCollectorOptions,
} from './spectrum-collector.js';
export { transferHeadBias } from './transfer-head-bias.js';
