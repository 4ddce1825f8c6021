export {
  type NammContender,
  nammContender,
  readNamms,
  varyNamm,
} from './contenders/namm-contender.js';
export { readRival } from './contenders/read-rival.js';
export { EvaluationWorkerError } from './evaluation/evaluation-worker.js';
export type {
  Evaluator,
  FailedScore,
  MemberScore,
  Slice,
  SliceScores,
} from './evaluation/evaluator.js';
export {
  type EvaluatorSettings,
  type ModelSettings,
  ropeScalingOf,
} from './evaluation/evaluator-settings.js';
export type { FitnessKind, FitnessSettings, TaskResult } from './evaluation/fitness.js';
export { InProcessEvaluator } from './evaluation/in-process-evaluator.js';
export { type PromptSource, samplePrompts } from './evaluation/prompt-source.js';
export { WorkerPoolEvaluator, type WorkerPoolOptions } from './evaluation/worker-pool-evaluator.js';
export { type EvolveOptions, type EvolveResult, evolve } from './evolve.js';
export { EvaluationError, RunFolderError } from './run/errors.js';
export { evolutionReport } from './run/evolution-report.js';
export type {
  EvolutionSettings,
  Stage,
  StartNormaliser,
  StartSettings,
} from './run/evolution-settings.js';
export type { GenerationRecord, ValidationRecord } from './run/generation-record.js';
export type { NormaliserKind } from './trainables/create-collector.js';
export { createTrainable } from './trainables/create-trainable.js';
export { type KeyNormPolicyOptions, keyNormPolicy } from './trainables/key-norm-policy.js';
export { parametersOf } from './trainables/parameters-of.js';
export {
  type KeyNormTrainableSettings,
  type NammTrainableSettings,
  type TrainableExtras,
  type TrainableSettings,
  trainableNames,
  trainableSettings,
} from './trainables/trainable-settings.js';
