export { type CompareOnTextsOptions, compareOnTexts } from './compare-on-texts.js';
export {
  type FitScorerOptions,
  type FittedScorer,
  fitScorer,
  triedBudgets,
} from './fit-scorer.js';
export type { ReadingOptions } from './reading.js';
export { type PublicRunOptions, runPublicBenchmarks } from './run-public-benchmarks.js';
