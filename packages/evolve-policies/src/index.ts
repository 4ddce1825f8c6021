export { calibrateOn } from './calibrate/calibrate-on.js';
export {
  compareNamm,
  describeComparison,
  type NammComparison,
} from './calibrate/compare-namm.js';
export { measureEchoes } from './calibrate/measure-echoes.js';
export {
  type MovedNamm,
  type MovedStatistics,
  type MoveNammOptions,
  moveNamm,
} from './calibrate/move-namm.js';
export {
  type NammContender,
  nammContender,
  readNamms,
  varyNamm,
} from './contenders/namm-contender.js';
export { nammVideoContender, nammVideoContenders } from './contenders/namm-video-contender.js';
export { type BenchmarkModel, openBenchmarkModel } from './contenders/open-benchmark-model.js';
export {
  type NanobenchEntryOptions,
  openNanobenchEntry,
} from './contenders/open-nanobench-entry.js';
export { readRival } from './contenders/read-rival.js';
export { type TransferTrial, trialTable } from './control/choose-trial.js';
export type { ControlAssessorSettings, ControlRequest } from './control/control-assessor.js';
export { type ControlEvaluator, controlEvaluator } from './control/control-evaluator.js';
export type {
  ControlEvolutionSettings,
  ControlFitness,
  ControlStage,
} from './control/control-evolution-settings.js';
export { type ControlProblem, controlProblem } from './control/control-problem.js';
export type { ControlScore, ControlUnit } from './control/control-score.js';
export { describeControlGeneration } from './control/describe-control-generation.js';
export { type EvolveOnControlOptions, evolveOnControl } from './control/evolve-on-control.js';
export {
  type TransferForm,
  type TransferOptions,
  type TransferredNamm,
  transferForms,
  transferNamm,
} from './control/transfer-namm.js';
export type { TaughtUnit } from './taught/taught-assessor.js';
export type { TaughtScore } from './taught/taught-score.js';
export type { TaughtAssessorSettings, TaughtEvolutionSettings } from './taught/taught-settings.js';
export { type TunedTaught, type TuneTaughtOptions, tuneTaught } from './taught/tune-taught.js';
export { describeGeneration } from './text/describe-generation.js';
export {
  type EvolveOnTextsOptions,
  evolveOnTexts,
  type TrainableChoice,
} from './text/evolve-on-texts.js';
export { type EvolvePolicyOptions, evolvePolicy } from './text/evolve-policy.js';
export {
  type FitnessKind,
  type FitnessSettings,
  type FloorSettings,
  fitnessKinds,
} from './text/fitness.js';
export type {
  ModelSettings,
  TextAssessorSettings,
} from './text/model-settings.js';
export { parseStages } from './text/parse-stages.js';
export { type PromptSource, samplePrompts } from './text/prompt-source.js';
export { type MeasureRequest, TextAssessor, type TextUnit } from './text/text-assessor.js';
export {
  type TextEvaluator,
  type TextEvaluatorOptions,
  textEvaluator,
} from './text/text-evaluator.js';
export {
  type Reading,
  readings,
  type TextEvolutionSettings,
  type TextStage,
} from './text/text-evolution-settings.js';
export { type TextProblem, textProblem } from './text/text-problem.js';
export type { TextScore } from './text/text-score.js';
export { createTrainable } from './trainables/create-trainable.js';
export { type KeyNormPolicyOptions, keyNormPolicy } from './trainables/key-norm-policy.js';
export { parametersOf } from './trainables/parameters-of.js';
export type { StartNormaliser, StartSettings } from './trainables/start.js';
export {
  type KeyNormTrainableSettings,
  type NammTrainableSettings,
  type TrainableExtras,
  type TrainableSettings,
  trainableNames,
  trainableSettings,
} from './trainables/trainable-settings.js';
