import type { CacheDtype } from './contracts/cache-shape.js';
import type { KeysAndValues, Segments, StoredRows } from './contracts/segments.js';
import { forEachRun, GrowableRows } from './growable-rows.js';
import { SharedRows } from './shared-rows.js';
import { slotRange } from './slot-range.js';
import { noRows, readStored, storedColumns, storedFrom, storeRows } from './stored-rows.js';

/**
 * Changes keys `[rows, headSize]` in place from the rotation of their old positions to that of their new
 * ones, `[rows]` each.
 */
export type RotateKeys = (keys: Float32Array, from: Int32Array, to: Int32Array) => void;

/** What one head holds, in order. */
export interface HeadContents extends KeysAndValues {
  /** `[rows]`, ascending */
  readonly positions: Int32Array;
  /** `[rows]`, ascending; the positions themselves when those are absolute */
  readonly tokens: Int32Array;
  /** `[rows, axes]`; empty where a model numbers its tokens itself */
  readonly axes: Int32Array;
}

/** What is noted of each row beside keys, values and position. */
export interface RowMarks {
  /** Whether tokens have other numbers than their positions. */
  readonly hasTokens: boolean;
  /** Positions that the model is told per token; 0 where it numbers tokens itself. */
  readonly axes: number;
}

/**
 * A fork copies rows of its origin that nobody shares yet when they are at most this part of those that
 * are shared; more of them are worth joining both into new shared rows.
 */
const copiedShare = 1 / 4;
const noScales = new Float32Array(0);

/**
 * The rows of one KV head: keys `[length, headSize]`, values `[length, headSize]` and positions
 * `[length]`. Keys and values are held as they were given, in few bits or not. After a {@link fork} both sides
 * read the rows of that moment from the same arrays, and append to arrays of their own. The first time that one
 * side evicts or renumbers a shared row, it copies what it keeps to arrays of its own.
 */
export class RowBuffer {
  readonly #headSize: number;
  #shared: SharedRows | null = null;
  /** Rows that only this head has; they come after the shared ones. */
  #own: GrowableRows;
  readonly #marks: RowMarks;
  /** The column of positions; what else is noted of a row comes behind it. */
  readonly #firstMark: number;
  readonly #dtype: CacheDtype;

  constructor(
    headSize: number,
    marks: RowMarks = { hasTokens: false, axes: 0 },
    dtype: CacheDtype = 'fp32',
  ) {
    this.#headSize = headSize;
    this.#marks = marks;
    this.#dtype = dtype;
    this.#firstMark = 2 * storedColumns(dtype, headSize).length;
    this.#own = this.#newRows();
  }

  get length(): number {
    return this.#sharedLength + this.#own.length;
  }

  /**
   * Keys of the rows from `first` on, `[rows, headSize]`: a view, or a fresh copy when they lie in two pieces or are
   * held in few bits.
   */
  keys(first = 0): Float32Array {
    return readStored(this.#inOnePiece('keys', first), this.#headSize);
  }

  /** Values, as {@link keys}. */
  values(first = 0): Float32Array {
    return readStored(this.#inOnePiece('values', first), this.#headSize);
  }

  /** Keys and values as they are held: views, or copies when they lie in two pieces. */
  get stored(): KeysAndValues {
    return { keys: this.#inOnePiece('keys', 0), values: this.#inOnePiece('values', 0) };
  }

  /** Views that are valid until the next change. */
  get segments(): Segments {
    const nothing = noRows(this.#dtype);
    return {
      shared:
        this.#shared === null
          ? { keys: nothing, values: nothing }
          : this.#viewOf(this.#shared.rows),
      own: this.#viewOf(this.#own),
    };
  }

  /** Positions `[length]`, ascending: a view that is valid until the next change, or a copy when they lie in two pieces. */
  get positions(): Int32Array {
    return this.#mark(0);
  }

  /** Numbers of the rows' tokens `[length]`, ascending, as {@link positions}. */
  get tokens(): Int32Array {
    return this.#mark(this.#marks.hasTokens ? 1 : 0);
  }

  /** What the model was told as positions `[length, axes]`, likewise; empty where it numbers tokens itself. */
  get axes(): Int32Array {
    const { hasTokens, axes } = this.#marks;
    return axes === 0 ? new Int32Array(0) : this.#mark(hasTokens ? 2 : 1);
  }

  /** All of it: views that are valid until the next change, or copies where rows lie in two pieces. */
  get contents(): HeadContents {
    const { positions, tokens, axes } = this;
    return { ...this.stored, positions, tokens, axes };
  }

  /** Bytes of the arrays that only this head has, with their unused ends. */
  get allocatedBytes(): number {
    return this.#own.allocatedBytes;
  }

  /** Bytes of the shared arrays, and how many heads of other caches and this one read them. */
  get shared(): { readonly bytes: number; readonly sharers: number } {
    if (this.#shared === null) return { bytes: 0, sharers: 1 };
    return { bytes: this.#shared.rows.allocatedBytes, sharers: this.#shared.count };
  }

  /**
   * Makes room for `count` more rows.
   *
   * @throws {RangeError} when the memory cannot be had; the rows are then unchanged
   */
  reserve(count: number): void {
    this.#own.reserve(count);
  }

  /** Appends rows. */
  append({ keys, values, positions, tokens, axes }: HeadContents): void {
    this.#own.append([
      ...columnsOf(keys),
      ...columnsOf(values),
      positions,
      ...(this.#marks.hasTokens ? [tokens] : []),
      ...(this.#marks.axes > 0 ? [axes] : []),
    ]);
  }

  /** Keeps the rows at these ascending slots and drops the others. */
  retain(slots: Uint32Array): void {
    const from = this.#sharedLength;
    let kept = 0; // shared rows among them
    while (kept < slots.length && slots[kept]! < from) kept++;
    if (kept < from) this.#leaveShared(slots);
    else this.#own.retain(from === 0 ? slots : slots.subarray(from).map((slot) => slot - from));
  }

  /**
   * Gives the rows new positions, and rotates their keys accordingly.
   *
   * @param to new position of each row, ascending
   * @param rotate changes keys in place; null when keys do not depend on positions
   */
  renumber(to: Int32Array, rotate: RotateKeys | null): void {
    const first = this.positions.findIndex((position, i) => to[i] !== position);
    if (first < 0) return;
    if (first < this.#sharedLength) this.#leaveShared(slotRange(0, this.length));
    const firstOwn = first - this.#sharedLength;
    const positions = this.#own.view(this.#firstMark) as Int32Array;
    if (rotate !== null) {
      const own = storedFrom(this.segments.own.keys, this.#headSize, firstOwn);
      const keys = readStored(own, this.#headSize);
      rotate(keys, positions.slice(firstOwn), to.slice(first));
      if (keys !== own.numbers) {
        const rotated = storeRows(this.#dtype, keys, this.#headSize);
        own.numbers.set(rotated.numbers);
        own.scales.set(rotated.scales);
      }
    }
    positions.set(to.subarray(first), firstOwn);
  }

  /** A head with the same rows, which goes its own way from here. */
  fork(): RowBuffer {
    const copy = new RowBuffer(this.#headSize, this.#marks, this.#dtype);
    const copied = this.#own.length <= this.#sharedLength * copiedShare;
    if (copied) copy.#own = this.#own.copy();
    else this.#shareAll();
    copy.#joinShared(this.#shared);
    return copy;
  }

  get #sharedLength(): number {
    return this.#shared === null ? 0 : this.#shared.rows.length;
  }

  /** Makes all rows shared ones. */
  #shareAll(): void {
    let rows = this.#own;
    if (this.#shared !== null) {
      rows = this.#newRows();
      rows.append(this.#shared.rows.views());
      rows.append(this.#own.views());
    }
    this.#joinShared(new SharedRows(rows));
    this.#own = this.#newRows();
  }

  /** Copies the rows at these slots to arrays of this head's own. */
  #leaveShared(slots: Uint32Array): void {
    const rows = this.#newRows();
    const shared = this.#shared?.rows;
    const from = this.#sharedLength;
    rows.reserve(slots.length);
    forEachRun(slots, (slot, _, count) => {
      const inShared = Math.max(0, Math.min(count, from - slot));
      const copy = (piece: GrowableRows, first: number, last: number) => {
        if (first < last) rows.append(piece.views(first, last));
      };
      if (shared) copy(shared, slot, slot + inShared);
      copy(this.#own, slot + inShared - from, slot + count - from);
    });
    this.#own = rows;
    this.#joinShared(null);
  }

  #joinShared(shared: SharedRows | null): void {
    this.#shared?.leave(this);
    this.#shared = shared;
    shared?.join(this);
  }

  #newRows(): GrowableRows {
    const columns = storedColumns(this.#dtype, this.#headSize);
    const { hasTokens, axes } = this.#marks;
    const mark = { type: Int32Array, width: 1 };
    return new GrowableRows([
      ...columns,
      ...columns,
      mark,
      ...(hasTokens ? [mark] : []),
      ...(axes > 0 ? [{ type: Int32Array, width: axes }] : []),
    ]);
  }

  #mark(mark: number): Int32Array {
    const column = this.#firstMark + mark;
    const own = this.#own.view(column) as Int32Array;
    if (this.#shared === null) return own;
    const shared = this.#shared.rows.view(column) as Int32Array;
    return this.#own.length === 0 ? shared : joinedArrays(shared, own);
  }

  #viewOf(rows: GrowableRows): KeysAndValues {
    const half = this.#firstMark / 2;
    const stored = (first: number) => {
      const scales = half === 1 ? noScales : rows.view(first + 1);
      return { numbers: rows.view(first), scales } as StoredRows;
    };
    return { keys: stored(0), values: stored(half) };
  }

  #inOnePiece(part: keyof KeysAndValues, first: number): StoredRows {
    const { shared, own } = this.segments;
    const before = this.#sharedLength;
    if (first >= before) return storedFrom(own[part], this.#headSize, first - before);
    const front = storedFrom(shared[part], this.#headSize, first);
    return this.#own.length === 0 ? front : joined(front, own[part]);
  }
}

function columnsOf({ numbers, scales }: StoredRows): (StoredRows['numbers'] | Float32Array)[] {
  return numbers instanceof Int8Array ? [numbers, scales] : [numbers];
}

function joined(first: StoredRows, second: StoredRows): StoredRows {
  return {
    numbers: joinedArrays(first.numbers, second.numbers),
    scales: joinedArrays(first.scales, second.scales),
  };
}

function joinedArrays<T extends StoredRows['numbers'] | Int32Array>(first: T, second: T): T {
  const all = new (first.constructor as { new (length: number): T })(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
