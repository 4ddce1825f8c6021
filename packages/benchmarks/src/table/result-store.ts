import { JsonLines } from '@namm/core';
import type { GivenCounts } from '@namm/kv-cache';
import { rowKey, type TableRow } from './table-row.js';

/** What was measured on one prompt under one row. */
export interface PromptResult {
  readonly family: string;
  /** Of the prompt in its family. */
  readonly index: number;
  /** Of the prompt's tokens. */
  readonly digest: string;
  /** Per question, the share of its parts that are right. */
  readonly questions: readonly number[];
  /** Per question, the mean log-probability of its answer tokens; empty when answers were decoded. */
  readonly logProbabilities: readonly number[];
  /** Tokens read when the questions are asked. */
  readonly seen: number;
  /** Rows held over tokens read, mean over heads: when the questions are asked, and averaged over updates. */
  readonly kept: { readonly atAnswer: number; readonly average: number };
  /** In bytes. All but `average` and `peak` are those when the questions are asked, unscored tail included. */
  readonly bytes: {
    readonly keysAndValues: number;
    readonly positions: number;
    readonly policy: number;
    /** Keys and values right after updates, averaged. */
    readonly average: number;
    /** Keys and values held at once at most. */
    readonly peak: number;
  };
  /** Rows of every head from each update on; noted for contenders that others are measured against. */
  readonly counts?: readonly GivenCounts[];
}

/** A line of the file: what a key stands for, or what was measured under it. */
type Line =
  | { readonly key: string; readonly row: TableRow }
  | { readonly key: string; readonly result: PromptResult };

/**
 * Results in an append-only JSONL file: a run stopped at any point resumes there, and tables are computed from the
 * file. Only one process may write at a time.
 *
 * @example
 * ```ts
 * const store = await ResultStore.open('nanobench.jsonl');
 * await store.add(row, result);
 * store.results(row); // with those of earlier runs
 * ```
 */
export class ResultStore {
  readonly path: string;
  readonly #file: JsonLines<Line>;
  readonly #rows = new Map<string, TableRow>();
  readonly #results = new Map<string, Map<string, PromptResult>>();

  private constructor(path: string, file: JsonLines<Line>) {
    this.path = path;
    this.#file = file;
    for (const line of file.found) this.#take(line);
  }

  /**
   * Opens a file, or creates it. An incomplete last line of a stopped run is removed.
   *
   * @throws {FileFormatError} when a line is invalid; nothing is then changed
   * @throws the file system's error when it cannot be opened
   */
  static async open(path: string): Promise<ResultStore> {
    const file = await JsonLines.open(path, { what: 'a row or result of a table', parse: lineOf });
    return new ResultStore(path, file);
  }

  /** All rows in the file, in the order of their first result. */
  get rows(): readonly TableRow[] {
    return [...this.#rows.values()];
  }

  /** The results of a row, in the order of measurement. */
  results(row: TableRow): readonly PromptResult[] {
    return [...(this.#results.get(rowKey(row))?.values() ?? [])];
  }

  result(row: TableRow, family: string, index: number): PromptResult | undefined {
    return this.#results.get(rowKey(row))?.get(`${family}/${index}`);
  }

  /** Adds a result; when the promise resolves, the file has it. */
  async add(row: TableRow, result: PromptResult): Promise<void> {
    const key = rowKey(row);
    const lines: Line[] = this.#rows.has(key) ? [] : [{ key, row }];
    lines.push({ key, result });
    await this.#file.append(...lines);
    for (const line of lines) this.#take(line);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #take(line: Line): void {
    if ('row' in line) {
      this.#rows.set(line.key, line.row);
      return;
    }
    const results = this.#results.get(line.key) ?? new Map<string, PromptResult>();
    results.set(`${line.result.family}/${line.result.index}`, line.result);
    this.#results.set(line.key, results);
  }
}

function lineOf(value: unknown): Line {
  if (isLine(value)) return value;
  throw new TypeError('a line has a key, and a row or a result');
}

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null || !('key' in value)) return false;
  if ('row' in value) return rowKey(value.row as TableRow) === value.key;
  if (!('result' in value)) return false;
  const { family, index, questions } = value.result as PromptResult;
  return typeof family === 'string' && Number.isInteger(index) && Array.isArray(questions);
}
