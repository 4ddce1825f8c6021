export {
  AgentPlayer,
  type AgentPlayerOptions,
  type EpisodeChoices,
  type EpisodeMemoryChoice,
} from './agent-player.js';
export { agentStatistics } from './agent-statistics.js';
export { bundledTasks } from './bundled-tasks.js';
export {
  ControlTable,
  type ControlTableOptions,
  type ControlTask,
  type PlannedTask,
} from './control-table.js';
export { type ContenderOptions, contenderNames, createContender } from './create-contender.js';
export type { EpisodeRecord } from './episode-record.js';
export { evaluationNotes } from './evaluation-notes.js';
export { type EvaluationOptions, type EvaluationPlan, planEvaluation } from './evaluation-plan.js';
export { EvaluationStore } from './evaluation-store.js';
export { type EvaluationTable, evaluationTable } from './evaluation-table.js';
export { type FilmedEpisode, type FilmedStep, filmEpisode } from './film-episode.js';
export { identifyPlay, type PlayIdentity } from './identify-play.js';
export type { MemoryContender } from './memory-contender.js';
export { nammMemoryContender } from './namm-memory-contender.js';
export { parseEnvironment } from './parse-environment.js';
export type { PlayedEpisode, PlayedStep, PlayOptions } from './play-episode.js';
export { policyContender } from './policy-contender.js';
export { type RunEvaluationOptions, runEvaluation } from './run-evaluation.js';
export { type ContenderSummary, summariseEvaluation } from './summarise-evaluation.js';
export {
  type RowAverage,
  summariseTable,
  type TableSummary,
  type TaskSummary,
} from './summarise-table.js';
export {
  languageNammNames,
  type NamedNamm,
  parseNamedNamm,
  type TableContenderOptions,
  tableContenders,
} from './table-contenders.js';
export { tableText } from './table-text.js';
export { type TitledTable, tablesOfTasks } from './tables-of-tasks.js';
export { type EpisodeOfPage, writeEpisodePage } from './write-episode-page.js';
