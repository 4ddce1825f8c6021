import type { GrowableRows } from './growable-rows.js';
import { Sharers } from './sharers.js';

/** Rows that the heads of a cache and of its forks read together. They never change again. */
export class SharedRows extends Sharers {
  readonly rows: GrowableRows;

  constructor(rows: GrowableRows) {
    super();
    this.rows = rows;
  }
}
