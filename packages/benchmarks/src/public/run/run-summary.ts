import type { PublicRow } from './summarise-run.js';

/** What a run was made with, as JSON. */
export type RunSettings = Readonly<Record<string, unknown>>;

/** A run as `summary.json` holds it. */
export interface RunSummary {
  readonly settings: RunSettings;
  /** What is prescribed for each task, and was done. */
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
  readonly rows: readonly PublicRow[];
}
