export type { Act, Agent } from './contracts/agent.js';
export type { Environment, EnvironmentShape, Transition } from './contracts/environment.js';
export type { Episode, EpisodeSource } from './contracts/episode-source.js';
export type { MemoryTask } from './contracts/memory-task.js';
export type { BodiesScene, Capsule, GridCell, GridScene, Scene } from './contracts/scene.js';
export {
  createEnvironment,
  createMemoryTask,
  type EnvironmentSettings,
  environmentNames,
  isMemoryTask,
  type MemoryTaskSettings,
  type PhysicsSettings,
} from './create-environment.js';
export { checkStatistics } from './data/check-statistics.js';
export type { DataSetInfo } from './data/data-set.js';
export {
  type ObservationStatistics,
  observationStatistics,
} from './data/observation-statistics.js';
export { type OpenD4rlOptions, openD4rl } from './data/open-d4rl.js';
export { type DataSet, openDataSet } from './data/open-data-set.js';
export { openEpisodes } from './data/open-episodes.js';
export { openMinari } from './data/open-minari.js';
export { type RecordedEpisode, recordEpisode } from './data/record-episode.js';
export { recordedStatistics } from './data/recorded-statistics.js';
export { writeDataSet } from './data/write-data-set.js';
export { EnvironmentError } from './environment-error.js';
export { ActiveTMaze, type ActiveTMazeOptions } from './memory/active-t-maze.js';
export { Autoencode, type AutoencodeOptions } from './memory/autoencode.js';
export { KeyToDoor, type KeyToDoorOptions } from './memory/key-to-door.js';
export { RepeatPrevious, type RepeatPreviousOptions } from './memory/repeat-previous.js';
export { TMaze, type TMazeOptions } from './memory/t-maze.js';
export { VisualMatch, type VisualMatchOptions } from './memory/visual-match.js';
export { NoisyHistory, type NoisyHistoryOptions } from './noisy-history.js';
export { normalisedScore, referenceReturns, referenceReturnsSource } from './normalised-score.js';
export type { Body } from './physics/body.js';
export { halfCheetah } from './physics/half-cheetah.js';
export { hopper } from './physics/hopper.js';
export { mujocoVersion } from './physics/mujoco.js';
export {
  type HiddenFactors,
  PhysicsEnvironment,
  type PhysicsOptions,
} from './physics/physics-environment.js';
export { walker2d } from './physics/walker2d.js';
export { randomAgent } from './random-agent.js';
export { type EpisodeResult, runEpisode } from './run-episode.js';
export { type EpisodeSummary, summariseEpisodes } from './summarise-episodes.js';
export { type ArsIteration, ArsRun, type ArsSettings } from './training/ars-run.js';
export {
  type BodyCollection,
  type CollectEpisodesOptions,
  type CollectedData,
  collectEpisodes,
  collectionStyles,
  type TaskCollection,
} from './training/collect-episodes.js';
export {
  type CollectFromRunOptions,
  type CollectionStyle,
  collectFromRun,
} from './training/collect-from-run.js';
export {
  type CollectFromTaskOptions,
  collectFromTask,
  type MixtureAgent,
} from './training/collect-from-task.js';
export { type LinearPolicy, linearAgent } from './training/linear-policy.js';
export { type TrainArsOptions, trainArs } from './training/train-ars.js';
