export type { DataFile } from './public/data/data-file.js';
export { dataFiles } from './public/data/data-files.js';
export type { PublicItem, PublicTask } from './public/data/public-task.js';
export {
  type ReadInfiniteBenchOptions,
  readInfiniteBench,
} from './public/data/read-infinitebench.js';
export {
  type ReadBenchmarkOptions,
  readChouBun,
  readLongBench,
} from './public/data/read-longbench.js';
export { readLongBenchV2 } from './public/data/read-longbench-v2.js';
export { describeRowProblem, type RowProblem } from './public/data/row-problem.js';
export { type GenerateRulerOptions, generateRuler } from './public/ruler/generate-ruler.js';
export { type NeedleTasksRecord, needleTasks } from './public/ruler/needle-tasks.js';
export { readRuler } from './public/ruler/read-ruler.js';
export {
  type RulerQuestion,
  type RulerQuestions,
  type RulerSources,
  readRulerSources,
} from './public/ruler/ruler-sources.js';
export { type RulerTask, rulerTasks } from './public/ruler/ruler-tasks.js';
export { plainWording, type RulerWording, readRulerWording } from './public/ruler/ruler-wording.js';
export {
  diffRuns,
  formatDifferences,
  type RunDifference,
} from './public/run/diff-runs.js';
export { formatRun, runToCsv } from './public/run/format-run.js';
export type { Answer } from './public/run/group-reading.js';
export { type DepthMap, heatMaps } from './public/run/heat-maps.js';
export type { ChatUse, PromptTokenizer } from './public/run/prepare-prompt.js';
export type { PublicResult, ResultStore } from './public/run/public-result.js';
export { readBenchmark } from './public/run/read-benchmark.js';
export {
  type PublicRun,
  type RunBenchmarksOptions,
  runBenchmarks,
  type SkippedPrompts,
} from './public/run/run-benchmarks.js';
export {
  openRunFolder,
  readRunResults,
  writeRun,
} from './public/run/run-folder.js';
export { type BenchmarkPlan, type RunPlan, runPlan } from './public/run/run-plan.js';
export {
  type RunShardsOptions,
  runShards,
  type Shard,
  serveShard,
} from './public/run/run-shards.js';
export type { RunSettings, RunSummary } from './public/run/run-summary.js';
export { type PublicRow, summariseRun } from './public/run/summarise-run.js';
export { chineseWords } from './public/scores/chinese-words.js';
export { type LongBenchMetric, longBenchMetrics } from './public/scores/longbench-metrics.js';
export {
  chouBunTasks,
  type LongBenchTask,
  longBenchTasks,
} from './public/scores/longbench-tasks.js';
export type { Metric, MetricContext } from './public/scores/metric.js';
export {
  allQuirks,
  noQuirks,
  parseQuirks,
  type Quirk,
  quirks,
} from './public/scores/quirks.js';
export {
  type InfiniteBenchLabel,
  type InfiniteBenchScoring,
  OfficialScorerError,
  scoreInfiniteBench,
} from './public/scores/score-infinitebench.js';
export {
  type LongBenchRecord,
  type LongBenchScoring,
  scoreLongBench,
} from './public/scores/score-longbench.js';
export { choiceOfLongBenchV2, scoreLongBenchV2 } from './public/scores/score-longbench-v2.js';
export { scoreRuler } from './public/scores/score-ruler.js';
