export { type CompareOnTextsOptions, compareOnTexts } from './compare-on-texts.js';
export { evolveTexts } from './evolve-texts.js';
export {
  type FitScorerOptions,
  type FittedScorer,
  fitScorer,
  triedBudgets,
} from './fit-scorer.js';
export {
  type MeasuredNanobench,
  type MeasureNanobenchOptions,
  measureNanobench,
} from './measure-nanobench.js';
export type { ReadingOptions } from './reading.js';
export { type TuneExtensionsOfOptions, tuneExtensionsOf } from './tune-extensions-of.js';
