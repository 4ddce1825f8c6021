/** An unusable row of a file, and the reason. */
export interface RowProblem {
  readonly file: string;
  /** From 1; of JSONL files the line. */
  readonly row: number;
  /** The invalid field, or null if the row as a whole is invalid. */
  readonly field: string | null;
  readonly problem: string;
}

/** One line: file, row, field, problem. */
export function describeRowProblem({ file, row, field, problem }: RowProblem): string {
  return `${file}, row ${row}${field === null ? '' : `, ${field}`}: ${problem}`;
}
