export { attributeTokens, type TokenRole } from './attribute-tokens.js';
export { factOracle } from './fact-oracle.js';
export { documentFiller, type Filler, type FillerDocument, type Passage } from './filler.js';
export { generateRepetition, type RepetitionOptions } from './generate-repetition.js';
export { generateSample, type SampleOptions } from './generate-sample.js';
export {
  type PreparedQuestion,
  type PreparedSample,
  prepareSample,
  type SampleTokenizer,
  type TokenRange,
} from './prepare-sample.js';
export { readCorpus } from './read-corpus.js';
export {
  type AnsweringModel,
  type SampleMemory,
  type SampleScore,
  type ScoreItem,
  scoreSamples,
} from './score-samples.js';
export { exactMatch, macroMean, meanByFamily, type QuestionScore } from './scores.js';
export { splits } from './splits.js';
export type {
  ScoreComparison,
  ScoreDifference,
} from './table/compare-scores.js';
export {
  type Contender,
  classicContenders,
  fullContender,
  oracleContender,
  scorerContender,
} from './table/contender.js';
export { type MeasureOptions, measureRows, type TableModel } from './table/measure-rows.js';
export { type PromptResult, ResultStore } from './table/result-store.js';
export {
  type ConditionSummary,
  differRows,
  type FamilyGroup,
  type RowSummary,
  type SummaryOptions,
  summariseConditions,
} from './table/summarise-condition.js';
export { ratioOverSeeds, type SeedGroup } from './table/summarise-seeds.js';
export type { TablePrompt } from './table/table-prompt.js';
export {
  conditionKey,
  describeBudget,
  describeExtension,
  type ModelSetting,
  type QuestionPlacement,
  rowKey,
  type TableBudget,
  type TableCondition,
  type TableRow,
} from './table/table-row.js';
export { taskFamilies, taskFamily } from './task-families.js';
export { type Prompt, type PromptQuestion, toPrompt } from './to-prompt.js';
export type {
  BenchmarkSample,
  CountTokens,
  FillerKind,
  PlannedFact,
  PlannedQuestion,
  Segment,
  SegmentKind,
  Split,
  TaskFamily,
  TaskPlan,
  TaskSize,
} from './types.js';
export { entityWords } from './words.js';
export { writeSamples } from './write-samples.js';
