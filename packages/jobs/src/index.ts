export { type CompareOnTextsOptions, compareOnTexts } from './compare-on-texts.js';
export { type EvaluateAgentOptions, evaluateAgent } from './control/evaluate-agent.js';
export { type FillControlTableOptions, fillControlTable } from './control/fill-control-table.js';
export type { ContenderChoice, PlayedAgent } from './control/played-agent.js';
export { type ShowEpisodeOptions, showEpisode } from './control/show-episode.js';
export { type TransferToAgentOptions, transferToAgent } from './control/transfer-to-agent.js';
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
export { type PublicRunOptions, runPublicBenchmarks } from './run-public-benchmarks.js';
export { type TuneExtensionsOfOptions, tuneExtensionsOf } from './tune-extensions-of.js';
export {
  type AskAboutVideoOptions,
  askAboutVideo,
  type VideoAnswer,
} from './video/ask-about-video.js';
export { type BenchVideosOptions, benchVideos } from './video/bench-videos.js';
export type { LookOptions } from './video/look.js';
export { type WatchVideoOptions, watchVideo } from './video/watch-video.js';
