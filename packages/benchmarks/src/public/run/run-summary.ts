import type { DepthMap } from './heat-maps.js';
import type { SkippedPrompts } from './run-benchmarks.js';
import type { PublicRow } from './summarise-run.js';

/** What a run was made with, as JSON. */
export type RunSettings = Readonly<Record<string, unknown>>;

/** A run as stored in `summary.json`. */
export interface RunSummary {
  readonly settings: RunSettings;
  /** For each task, what the benchmark prescribes and what was done. */
  readonly tasks: readonly {
    readonly benchmark: string;
    readonly name: string;
    readonly maxNewTokens: number;
    readonly chatTemplate: boolean;
    readonly firstLineOnly: boolean;
    readonly prompts: number;
    readonly badRows: number;
  }[];
  /** Rows of the data that could not be used: file, row, field, problem. */
  readonly problems: readonly string[];
  /** Prompts skipped for a policy, because its second reading needs more positions than the model has. */
  readonly skipped: readonly SkippedPrompts[];
  /** Scores by length and depth, for benchmarks with both. */
  readonly maps: readonly DepthMap[];
  readonly rows: readonly PublicRow[];
}
