import { describeIssue, FileFormatError } from '@namm/core';
import type * as z from '@namm/core/schema';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { DataFile } from './data-file.js';
import type { RowProblem } from './row-problem.js';

/** A row as it stands in its file. */
interface RawRow {
  /** From 1. */
  readonly row: number;
  readonly value?: unknown;
  /** The row's JSON, where it was JSON. */
  readonly text: string;
  readonly problem?: string;
}

/** A row that can be used. */
interface UsableRow<Row> {
  /** Unique among the rows. */
  readonly id: string;
  /** Its file, and its number there. */
  readonly file: string;
  readonly row: number;
  readonly value: Row;
  readonly text: string;
}

/** Rows that can be used, and what is wrong with the others. */
export interface Rows<Row> {
  readonly rows: readonly UsableRow<Row>[];
  readonly problems: readonly RowProblem[];
}

/** More rows than this are not read into messages: a wrong file has as many as lines. */
const mostProblems = 1000;

/**
 * Reads the rows of a JSONL, JSON or parquet file, which may be in pieces. A row that cannot be used is named with its field
 * and left out.
 *
 * @param limit rows to read, those that cannot be used included
 * @throws {FileFormatError} when the file cannot be read at all, or none of its rows can be used
 */
export async function readRows<Row>(
  files: readonly DataFile[],
  schema: z.ZodType<Row>,
  limit = Number.POSITIVE_INFINITY,
): Promise<Rows<Row>> {
  const rows: UsableRow<Row>[] = [];
  const problems: RowProblem[] = [];
  let seen = 0;
  for (const [piece, file] of files.entries()) {
    for await (const { row, value, text, problem } of rawRows(file)) {
      if (seen++ >= limit) break;
      const complain = (field: string | null, why: string) => {
        if (problems.length < mostProblems) {
          problems.push({ file: file.name, row, field, problem: why });
        }
      };
      if (problem !== undefined) {
        complain(null, problem);
        continue;
      }
      const parsed = schema.safeParse(value, { error: describeIssue });
      if (parsed.success) {
        const id = piece === 0 ? String(row) : `${piece}.${row}`;
        rows.push({ id, file: file.name, row, value: parsed.data, text });
      } else {
        const { path, message } = parsed.error.issues[0]!;
        complain(path.length > 0 ? path.join('.') : null, message);
      }
    }
  }
  if (rows.length === 0) {
    const first = problems[0];
    const why = first
      ? `none of its ${Math.min(seen, limit)} rows can be used; row ${first.row}${first.field ? `, ${first.field}` : ''}: ${first.problem}`
      : 'is empty';
    throw new FileFormatError(files[0]?.name ?? 'the data', why);
  }
  return { rows, problems };
}

function rawRows(file: DataFile): AsyncIterable<RawRow> {
  if (file.path.endsWith('.parquet')) return parquetRows(file);
  return file.path.endsWith('.json') ? jsonRows(file) : lineRows(file);
}

async function* lineRows(file: DataFile): AsyncIterable<RawRow> {
  const decoder = new TextDecoder('utf-8', { fatal: true }); // leaves a byte order mark out
  let row = 0;
  for await (const line of linesOf(file.bytes())) {
    row++;
    let text: string;
    try {
      text = decoder.decode(line).trim();
    } catch {
      yield { row, text: '', problem: 'is not UTF-8' };
      continue;
    }
    if (text === '') continue;
    try {
      yield { row, text, value: JSON.parse(text) as unknown };
    } catch (error) {
      yield { row, text, problem: `is not JSON: ${(error as Error).message}` };
    }
  }
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let held: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...held, chunk.subarray(start, end)]);
      held = [];
      start = end + 1;
    }
    if (start < chunk.length) held.push(chunk.subarray(start));
  }
  if (held.length > 0) yield Buffer.concat(held);
}

async function* jsonRows(file: DataFile): AsyncIterable<RawRow> {
  let all: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await file.whole());
  } catch (cause) {
    if (cause instanceof FileFormatError) throw cause;
    throw new FileFormatError(file.name, 'is not UTF-8', { cause });
  }
  try {
    all = JSON.parse(text);
  } catch (cause) {
    // Many a .json file has a row on each line.
    if (isObject(text.trimStart().split('\n', 1)[0]!)) yield* lineRows(file);
    else {
      throw new FileFormatError(file.name, `is not JSON: ${(cause as Error).message}`, { cause });
    }
    return;
  }
  if (!Array.isArray(all)) throw new FileFormatError(file.name, 'is not a list of rows');
  for (const [index, value] of all.entries()) yield { row: index + 1, value, text: '' };
}

function isObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

async function* parquetRows(file: DataFile): AsyncIterable<RawRow> {
  const bytes = await file.whole();
  const copy = bytes.slice().buffer as ArrayBuffer;
  let all: Record<string, unknown>[];
  try {
    all = await parquetReadObjects({ file: copy, compressors });
  } catch (cause) {
    const problem = `is not a complete parquet file: ${(cause as Error).message}`;
    throw new FileFormatError(file.name, problem, { cause });
  }
  for (const [index, row] of all.entries()) {
    // Whole numbers of 64 bits come as BigInt.
    const value = Object.fromEntries(
      Object.entries(row).map(([key, each]) => [
        key,
        typeof each === 'bigint' ? Number(each) : each,
      ]),
    );
    yield { row: index + 1, value, text: '' };
  }
}
