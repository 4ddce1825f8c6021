export type { Assessor } from './evaluation/assessor.js';
export { EvaluationWorkerError } from './evaluation/evaluation-worker.js';
export {
  type Entrant,
  type Evaluator,
  type Failure,
  isFailure,
  type Slice,
  type SliceScores,
} from './evaluation/evaluator.js';
export { InProcessEvaluator } from './evaluation/in-process-evaluator.js';
export { serveEvaluations } from './evaluation/serve-evaluations.js';
export { WorkerPoolEvaluator, type WorkerPoolOptions } from './evaluation/worker-pool-evaluator.js';
export { type EvolveOptions, type EvolveResult, evolve } from './evolve.js';
export type { NamedTensor, NamedTensors } from './named-tensors.js';
export type {
  Found,
  Judgement,
  Measures,
  Presentation,
  Problem,
  Stage,
  UnitResult,
} from './problem.js';
export { EvaluationError, RunFolderError } from './run/errors.js';
export type { GenerationRecord, ValidationRecord } from './run/generation-record.js';
export { isBetter, type Rank, rankedFitness } from './run/ranking.js';
export { checkSearch, type SearchSettings } from './run/search-settings.js';
