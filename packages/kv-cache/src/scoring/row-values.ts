import { Sharers } from '../sharers.js';

/** Numbers that are remembered per row. */
export type RowArray = Float32Array | Float64Array | Uint32Array;

/** Makes an array of zeros. */
export type RowArrayType<T extends RowArray> = new (length: number) => T;

/**
 * `width` numbers for every row of one head, kept in step with the rows of the cache. Forks read the same array until
 * one of them changes.
 */
export class RowValues<T extends RowArray> {
  /** Numbers per row. */
  readonly width: number;
  readonly #type: RowArrayType<T>;
  #array: T;
  #length = 0;
  /** Who reads the array. */
  #sharers: Sharers | null = null;

  constructor(type: RowArrayType<T>, width: number) {
    this.#type = type;
    this.width = width;
    this.#array = new type(0);
  }

  /** Rows. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of the rows, without the unused end; of an array that several read, this one's part. */
  get bytes(): number {
    const readers = this.#sharers?.count ?? 1;
    return (this.#length * this.width * this.#array.BYTES_PER_ELEMENT) / readers;
  }

  /** The numbers, `[length, width]`, to be read: a view that is valid until the next change. */
  get rows(): T {
    return this.#array.subarray(0, this.#length * this.width) as T;
  }

  /** The numbers, `[length, width]` and an unused end, to be changed; valid until the next change. */
  get array(): T {
    this.#leaveShared();
    return this.#array;
  }

  /** Adds rows of zeros up to a number of rows. */
  extend(length: number): void {
    this.#leaveShared();
    const needed = length * this.width;
    if (needed > this.#array.length) {
      const larger = new this.#type((length + (length >>> 2)) * this.width);
      larger.set(this.rows);
      this.#array = larger;
    } else {
      this.#array.fill(0, this.#length * this.width, needed);
    }
    this.#length = length;
  }

  /** Keeps these ascending rows. Rows that were never added are passed over. */
  retain(slots: Uint32Array): void {
    this.#leaveShared();
    const width = this.width;
    let count = 0;
    for (const slot of slots) {
      if (slot >= this.#length) break;
      if (slot !== count) this.#array.copyWithin(count * width, slot * width, (slot + 1) * width);
      count++;
    }
    this.#length = count;
    // After a long prefill the array would otherwise keep its size for good.
    if (this.#array.length > 2 * count * width + 64) {
      this.#array = this.#copy(count + (count >>> 2));
    }
  }

  /** Forgets all rows. */
  clear(): void {
    this.#length = 0;
    this.#leaveShared();
  }

  fork(): RowValues<T> {
    if (this.#sharers === null) {
      this.#sharers = new Sharers();
      this.#sharers.join(this);
    }
    const copy = new RowValues(this.#type, this.width);
    copy.#array = this.#array;
    copy.#length = this.#length;
    copy.#sharers = this.#sharers;
    copy.#sharers.join(copy);
    return copy;
  }

  #leaveShared(): void {
    if (this.#sharers === null) return;
    if (this.#sharers.count > 1) this.#array = this.#copy(this.#length);
    this.#sharers.leave(this);
    this.#sharers = null;
  }

  #copy(capacity: number): T {
    const copy = new this.#type(capacity * this.width);
    copy.set(this.rows);
    return copy;
  }
}
