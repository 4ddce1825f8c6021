export { attributeTokens, type TokenRole } from './attribute-tokens.js';
export { answerClipQuestion } from './clips/answer-clip-question.js';
export type {
  Clip,
  ClipEvent,
  ClipKindName,
  ClipQuestion,
  ClipRest,
  ClipStory,
  ClipThing,
} from './clips/clip.js';
export { type ClipKind, clipKinds } from './clips/clip-kinds.js';
export {
  type ClipColour,
  type ClipPlace,
  type ClipShape,
  clipWords,
} from './clips/clip-words.js';
export {
  type ClipFrame,
  clipFrameSize,
  clipFrames,
  clipNoise,
  clipPalette,
  paintClipFrame,
} from './clips/draw-clip-frame.js';
export { type ClipOptions, generateClip } from './clips/generate-clip.js';
export { writeClips } from './clips/write-clips.js';
export {
  type ComparedPassage,
  type ComparedPolicy,
  type ComparedResults,
  type CompareOptions,
  comparePolicies,
  type PassageResult,
} from './compare/compare-policies.js';
export { LineStore } from './compare/line-store.js';
export { excerptsOf, fillerOf, type PlainText, readTexts } from './compare/plain-texts.js';
export { type RunComparisonOptions, runComparison } from './compare/run-comparison.js';
export {
  type ComparisonRow,
  type ComparisonSummary,
  formatComparison,
  type Recommendation,
  summariseComparison,
} from './compare/summarise-comparison.js';
export { comparedPassages, type PassageTokenizer } from './compare/text-passages.js';
export { factOracle } from './fact-oracle.js';
export { documentFiller, type Filler, type FillerDocument, type Passage } from './filler.js';
export { generateRepetition, type RepetitionOptions } from './generate-repetition.js';
export { generateSample, type SampleOptions } from './generate-sample.js';
export {
  type FollowInstructionsOptions,
  followInstructions,
  type InstructionContender,
  type KindRow,
} from './instructions/follow-instructions.js';
export { type Instruction, instructionKinds } from './instructions/instruction-kinds.js';
export {
  type InstructionFrame,
  type InstructionPrompt,
  type InstructionPromptOptions,
  instructionFrame,
  instructionPrompt,
} from './instructions/instruction-prompt.js';
export type { SampleMemory } from './memory-watch.js';
export { ModelPerProbe } from './model-per-probe.js';
export { chooseExtensions, type TunedModel } from './nanobench/choose-extensions.js';
export { type Comparison, compareEqual } from './nanobench/compare-equal.js';
export { drawPage } from './nanobench/draw-page.js';
export { type Extension, type ExtensionChoice, parseExtension } from './nanobench/extension.js';
export {
  formatNanobench,
  type NanobenchContext,
  nanobenchNotes,
  writeNanobench,
} from './nanobench/format-nanobench.js';
export { formatCondition, formatSeeds, formatTuned } from './nanobench/format-tables.js';
export { commonUpdateInterval, evolvedFamiliesOf } from './nanobench/nanobench-entries.js';
export type {
  LearnedContender,
  NanobenchEntry,
  NanobenchModel,
} from './nanobench/nanobench-model.js';
export { type NanobenchSize, nanobenchSizes } from './nanobench/nanobench-sizes.js';
export { type SeedSummary, summariseSeeds } from './nanobench/over-seeds.js';
export { type AnswerRanking, formatAnswers, rankAnswers } from './nanobench/rank-answers.js';
export {
  type NanobenchPlan,
  type NanobenchTable,
  runNanobench,
} from './nanobench/run-nanobench.js';
export {
  extensionGrid,
  extensionOf,
  type TuneOptions,
  tuneExtensions,
} from './nanobench/tune-extensions.js';
export {
  readTunedExtensions,
  type TunedExtensions,
  tunedExtensionsFile,
  writeTunedExtensions,
} from './nanobench/tuned-extensions.js';
export { type AskPoliciesOptions, askPolicies } from './planted/ask-policies.js';
export {
  type AskedPrompt,
  answerEnds,
  askPrompt,
  type Complete,
} from './planted/ask-prompt.js';
export { formatTallies } from './planted/format-tallies.js';
export { type PlantedPrompt, plantedPrompts } from './planted/planted-prompts.js';
export { type AnswerTally, tallyAnswers } from './planted/tally-answers.js';
export {
  type PreparedQuestion,
  type PreparedSample,
  prepareQuestions,
  prepareSample,
  type SampleTokenizer,
  type TokenRange,
} from './prepare-sample.js';
export { readCorpus } from './read-corpus.js';
export {
  type AnsweringModel,
  type SampleScore,
  type ScoreItem,
  scoreSamples,
} from './score-samples.js';
export { exactMatch, macroMean, meanByFamily, type QuestionScore } from './scores.js';
export { splits } from './splits.js';
export {
  type AnswerSpokenOptions,
  answerSpoken,
  type SpokenAnswers,
} from './spoken/answer-spoken.js';
export { formatSpoken } from './spoken/format-spoken.js';
export { practiceFamily } from './spoken/practice-family.js';
export {
  type PlainPassage,
  type PracticePassage,
  type PractiseOptions,
  practise,
} from './spoken/practise.js';
export {
  type ChatRenderer,
  chatFrame,
  frameOf,
  type PromptFrame,
  plainFrame,
} from './spoken/prompt-frame.js';
export { spokenFamilies, spokenFamilyNames } from './spoken/spoken-families.js';
export type { SpokenResult } from './spoken/spoken-result.js';
export { type SpokenRow, type SpokenSummary, summariseSpoken } from './spoken/summarise-spoken.js';
export { StepTogether } from './step-together.js';
export type {
  ScoreComparison,
  ScoreDifference,
} from './table/compare-scores.js';
export {
  type Contender,
  classicContenders,
  fullContender,
  oracleContender,
  ownContender,
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
export { clipTask } from './video/clip-task.js';
export { formatVideo } from './video/format-video.js';
export { longVideoBenchFrames, readLongVideoBench } from './video/read-long-video-bench.js';
export { readMlvu } from './video/read-mlvu.js';
export { readVideoSet } from './video/read-video-set.js';
export {
  type BenchVideoModel,
  type BenchViewing,
  runVideoBench,
  type VideoBenchOptions,
  type VideoResult,
  type VideoResults,
  type VideoRow,
} from './video/run-video-bench.js';
export { scoreWords } from './video/score-words.js';
export {
  type KindGroup,
  type SummariseVideoOptions,
  summariseVideo,
  type VideoRowSummary,
  type VideoScores,
} from './video/summarise-video.js';
export {
  classicVideoContenders,
  fewerFrames,
  fullVideo,
  type VideoContender,
  type VideoTokens,
} from './video/video-contender.js';
export { itemTask, readChoice, type VideoItem, type VideoItems } from './video/video-item.js';
export type { VideoQuestion, VideoTask } from './video/video-task.js';
export { entityWords } from './words.js';
export { writeSamples } from './write-samples.js';
