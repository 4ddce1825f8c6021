import type { Interval } from '@namm/statistics';
import type { NumberFormat } from '../format-number.js';

/** A column of a {@link Table}. */
export interface Column {
  readonly name: string;
  /** For its numbers and intervals. @defaultValue 'number' */
  readonly format?: NumberFormat;
}

/** Text, a number, an estimate with its interval, or nothing. */
export type Cell = string | number | Interval | null;

/** Results in rows. On the page it can be sorted by any column. */
export interface Table {
  readonly kind: 'table';
  readonly title: string;
  /** What a reader has to know beside the title. */
  readonly description?: string;
  readonly columns: readonly Column[];
  /** One cell per column in each row. */
  readonly rows: readonly (readonly Cell[])[];
}
