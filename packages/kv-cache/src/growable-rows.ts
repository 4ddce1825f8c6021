import { GrowableArray, type NumberArray, type NumberArrayType } from './growable-array.js';

/** What a row has in one array: so many numbers of a type. */
export interface Column {
  readonly type: NumberArrayType<NumberArray>;
  readonly width: number;
}

/** Rows that may lie unused where a quarter is less, so that short heads do not reallocate for every token. */
const minimumSlack = 16;

/**
 * Parallel arrays of rows. Rows never change once written; they are appended at the end, and eviction
 * moves the survivors together in order, towards the side where less has to move.
 */
export class GrowableRows {
  readonly #columns: readonly Column[];
  readonly #arrays: readonly GrowableArray<NumberArray>[];
  /** Where the first row lies in the arrays. */
  #start = 0;
  #length = 0;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#arrays = columns.map(({ type }) => new GrowableArray(type));
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of the arrays with their unused ends. */
  get allocatedBytes(): number {
    return this.#arrays.reduce((sum, { array }) => sum + array.byteLength, 0);
  }

  /** One column, `[length, width]`: a view that is valid until the next change. */
  view(column: number): NumberArray {
    const { width } = this.#columns[column]!;
    const { array } = this.#arrays[column]!;
    return array.subarray(this.#start * width, (this.#start + this.#length) * width);
  }

  /** All columns, some rows of each; views that are valid until the next change. */
  views(first = 0, last = this.#length): NumberArray[] {
    return this.#columns.map(({ width }, column) =>
      this.view(column).subarray(first * width, last * width),
    );
  }

  /**
   * Makes room for `count` more rows, an eighth more than is needed when the arrays have to grow.
   *
   * @throws {RangeError} when the memory cannot be had; the rows are then unchanged
   */
  reserve(count: number): void {
    const needed = this.#length + count;
    if (this.#start > 0 && this.#start + needed > this.#capacity) {
      this.#move(this.#start, 0, this.#length);
      this.#start = 0;
    }
    if (needed > this.#capacity) this.#resize(withEighth(needed));
  }

  /** Appends rows, given column by column, `[rows, width]` each. */
  append(columns: readonly NumberArray[]): void {
    const count = columns[0]!.length / this.#columns[0]!.width;
    this.reserve(count);
    const end = this.#start + this.#length;
    for (const [i, { width }] of this.#columns.entries()) {
      this.#arrays[i]!.array.set(columns[i]!, end * width);
    }
    this.#length += count;
  }

  /** Keeps the rows at these ascending slots and drops the others. */
  retain(slots: Uint32Array): void {
    const count = slots.length;
    const dropped = this.#length - count;
    if (this.#capacity > count + Math.max(count >>> 2, minimumSlack)) {
      forEachRun(slots, (from, to, run) => this.#move(this.#start + from, to, run));
      this.#start = 0;
      this.#length = count;
      // Half of the slack that is allowed, so that growing and shrinking do not alternate.
      this.#resize(withEighth(count));
      return;
    }
    if (dropped === 0) return;
    let before = 0; // rows before the first gap, which stay in place when the others move down
    while (before < count && slots[before] === before) before++;
    let after = 0; // rows after the last gap, which stay in place when the others move up
    while (after < count && slots[count - 1 - after] === this.#length - 1 - after) after++;
    const start = this.#start;
    if (before >= after) {
      const moved = slots.subarray(before);
      forEachRun(moved, (from, to, run) => this.#move(start + from, start + before + to, run));
    } else {
      const moved = slots.subarray(0, count - after);
      // Last run first, so that none is overwritten.
      forEachRunBackwards(moved, (from, to, run) =>
        this.#move(start + from, start + dropped + to, run),
      );
      this.#start += dropped;
    }
    this.#length = count;
  }

  /** A copy of the rows, in arrays of just their size. */
  copy(): GrowableRows {
    const copy = new GrowableRows(this.#columns);
    copy.#resize(this.#length);
    copy.append(this.views());
    return copy;
  }

  get #capacity(): number {
    // A column may be larger than another after one of them found no memory to grow.
    let rows = Infinity;
    for (let i = 0; i < this.#columns.length; i++) {
      rows = Math.min(rows, this.#arrays[i]!.length / this.#columns[i]!.width);
    }
    return rows;
  }

  #resize(rows: number): void {
    for (const [i, { width }] of this.#columns.entries()) this.#arrays[i]!.resize(rows * width);
  }

  #move(from: number, to: number, count: number): void {
    for (let i = 0; i < this.#columns.length; i++) {
      const { width } = this.#columns[i]!;
      this.#arrays[i]!.array.copyWithin(to * width, from * width, (from + count) * width);
    }
  }
}

function withEighth(count: number): number {
  return count + (count >>> 3);
}

/** What becomes of `count` neighbouring rows: they go from slot `from` to slot `to`. */
type MoveRun = (from: number, to: number, count: number) => void;

/** The runs of neighbours among ascending slots: they move at memmove speed, not row by row. */
export function forEachRun(slots: Uint32Array, move: MoveRun): void {
  for (let first = 0; first < slots.length; ) {
    let end = first + 1;
    while (end < slots.length && slots[end]! - slots[first]! === end - first) end++;
    move(slots[first]!, first, end - first);
    first = end;
  }
}

function forEachRunBackwards(slots: Uint32Array, move: MoveRun): void {
  for (let end = slots.length; end > 0; ) {
    let first = end - 1;
    while (first > 0 && slots[end - 1]! - slots[first - 1]! === end - first) first--;
    move(slots[first]!, first, end - first);
    end = first;
  }
}
