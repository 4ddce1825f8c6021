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
  type SampleMemory,
  type SampleScore,
  type ScoredModel,
  type ScoreItem,
  scoreSamples,
} from './score-samples.js';
export { exactMatch, macroMean, meanByFamily, type QuestionScore } from './scores.js';
export { splits } from './splits.js';
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
