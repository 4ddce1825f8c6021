export type { Snapshot, SnapshotSource } from '@namm/tensors/portable';
export type { BoundsOptions } from './bounds.js';
export type {
  AskOptions,
  Candidate,
  CandidateId,
  EvaluatedCandidate,
  Evaluation,
} from './candidate.js';
export { CmaEs, type LoadOptions } from './cma-es.js';
export { CandidateError, StoppedError } from './errors.js';
export type { HistoryRecord } from './history.js';
export type { DistributionShape, Factor } from './models/create-model.js';
export type { Precision } from './models/matrix-adaptation-model.js';
export type { NoiseOptions } from './noise.js';
export { fillNormals, type NormalSource } from './normals/fill-normals.js';
export { type Objective, type OptimiseSettings, optimise } from './optimise.js';
export type { CmaEsOptions, ResolvedOptions } from './options.js';
export { type Preset, presets } from './presets.js';
export { type Rates, type RatesName, ratesOf } from './rates/rates.js';
export type { RestartOptions } from './restarts/restart-options.js';
export {
  type FinishedRun,
  RestartingCmaEs,
  type RestartStopReason,
} from './restarts/restarting-cma-es.js';
export type {
  CategoricalParameter,
  Choice,
  IntegerParameter,
  LinearParameter,
  LogParameter,
  OrdinalParameter,
  Parameter,
  ValueOf,
} from './search-space/parameter.js';
export { SearchSpace, type ValuesOf } from './search-space/search-space.js';
export { neverStop, type StopOptions, type StopReason } from './stop.js';
export {
  type KnownSolution,
  type WarmStart,
  type WarmStartOptions,
  warmStart,
} from './warm-start.js';
