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
