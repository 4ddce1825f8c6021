import type { GrowableRows } from './growable-rows.js';

/**
 * Rows that the heads of a cache and of its forks read together. They never change again. A head that no
 * longer needs them leaves; one that is collected as garbage is taken to have left.
 */
export class SharedRows {
  readonly rows: GrowableRows;
  #sharers = 0;

  constructor(rows: GrowableRows) {
    this.rows = rows;
  }

  /** Heads that read these rows. */
  get sharers(): number {
    return this.#sharers;
  }

  join(head: object): void {
    this.#sharers++;
    collected.register(head, () => this.#sharers--, head);
  }

  leave(head: object): void {
    collected.unregister(head);
    this.#sharers--;
  }
}

const collected = new FinalizationRegistry<() => void>((leave) => leave());
