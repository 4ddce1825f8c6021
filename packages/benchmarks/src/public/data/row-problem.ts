/** A row of a file that cannot be used, and why. */
export interface RowProblem {
  readonly file: string;
  /** From 1; of JSONL files the line. */
  readonly row: number;
  /** The field that is at fault, or null when it is the row as a whole. */
  readonly field: string | null;
  readonly problem: string;
}

/** One line: file, row, field, problem. */
export function describeRowProblem({ file, row, field, problem }: RowProblem): string {
  return `${file}, row ${row}${field === null ? '' : `, ${field}`}: ${problem}`;
}
