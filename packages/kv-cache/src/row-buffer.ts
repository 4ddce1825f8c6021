import type { KeysAndValues, Segments } from './contracts/segments.js';
import { forEachRun, GrowableRows } from './growable-rows.js';
import { SharedRows } from './shared-rows.js';
import { slotRange } from './slot-range.js';

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

const nothing: KeysAndValues = { keys: new Float32Array(0), values: new Float32Array(0) };

/**
 * A fork copies rows of its origin that nobody shares yet when they are at most this part of those that
 * are shared; more of them are worth joining both into new shared rows.
 */
const copiedShare = 1 / 4;

/**
 * The rows of one KV head: keys `[length, headSize]`, values `[length, headSize]` and positions
 * `[length]`. After a {@link fork} both sides read the rows of that moment from the same arrays, and
 * append to arrays of their own. The first time that one side evicts or rotates a shared row, it copies what
 * it keeps to arrays of its own; positions are never shared.
 */
export class RowBuffer {
  readonly #headSize: number;
  #shared: SharedRows | null = null;
  /** Keys and values that only this head has; they come after the shared ones. */
  #own: GrowableRows;
  /** Positions of all rows, their tokens when those are other numbers, and their axes where there are any. */
  #marks: GrowableRows;
  readonly #columns: RowMarks;

  constructor(headSize: number, marks: RowMarks = { hasTokens: false, axes: 0 }) {
    this.#headSize = headSize;
    this.#columns = marks;
    this.#own = this.#newRows();
    const mark = { type: Int32Array, width: 1 };
    this.#marks = new GrowableRows([
      mark,
      ...(marks.hasTokens ? [mark] : []),
      ...(marks.axes > 0 ? [{ type: Int32Array, width: marks.axes }] : []),
    ]);
  }

  get length(): number {
    return this.#sharedLength + this.#own.length;
  }

  /** Keys `[length, headSize]`: a view, or a fresh copy when they lie in two pieces. */
  get keys(): Float32Array {
    const { shared, own } = this.segments;
    return inOnePiece(shared.keys, own.keys);
  }

  /** Values `[length, headSize]`: a view, or a fresh copy when they lie in two pieces. */
  get values(): Float32Array {
    const { shared, own } = this.segments;
    return inOnePiece(shared.values, own.values);
  }

  /** Views that are valid until the next change. */
  get segments(): Segments {
    return {
      shared: this.#shared === null ? nothing : viewOf(this.#shared.rows),
      own: viewOf(this.#own),
    };
  }

  /** Positions `[length]`, ascending, a view that is valid until the next change. */
  get positions(): Int32Array {
    return this.#marks.view(0) as Int32Array;
  }

  /** Numbers of the rows' tokens `[length]`, ascending, a view that is valid until the next change. */
  get tokens(): Int32Array {
    return this.#marks.view(this.#columns.hasTokens ? 1 : 0) as Int32Array;
  }

  /** What the model was told as positions `[length, axes]`, a view; empty where it numbers tokens itself. */
  get axes(): Int32Array {
    const { hasTokens, axes } = this.#columns;
    return axes === 0 ? new Int32Array(0) : (this.#marks.view(hasTokens ? 2 : 1) as Int32Array);
  }

  /** All of it: views that are valid until the next change, or copies where rows lie in two pieces. */
  get contents(): HeadContents {
    const { keys, values, positions, tokens, axes } = this;
    return { keys, values, positions, tokens, axes };
  }

  /** Bytes of the arrays that only this head has, with their unused ends. */
  get allocatedBytes(): number {
    return this.#own.allocatedBytes + this.#marks.allocatedBytes;
  }

  /** Bytes of the shared arrays, and how many heads of other caches and this one read them. */
  get shared(): { readonly bytes: number; readonly sharers: number } {
    if (this.#shared === null) return { bytes: 0, sharers: 1 };
    return { bytes: this.#shared.rows.allocatedBytes, sharers: this.#shared.sharers };
  }

  /**
   * Makes room for `count` more rows.
   *
   * @throws {RangeError} when the memory cannot be had; the rows are then unchanged
   */
  reserve(count: number): void {
    this.#own.reserve(count);
    this.#marks.reserve(count);
  }

  /** Appends rows. */
  append({ keys, values, positions, tokens, axes }: HeadContents): void {
    this.#own.append([keys, values]);
    this.#marks.append([
      positions,
      ...(this.#columns.hasTokens ? [tokens] : []),
      ...(this.#columns.axes > 0 ? [axes] : []),
    ]);
  }

  /** Keeps the rows at these ascending slots and drops the others. */
  retain(slots: Uint32Array): void {
    const from = this.#sharedLength;
    let kept = 0; // shared rows among them
    while (kept < slots.length && slots[kept]! < from) kept++;
    if (kept < from) this.#leaveShared(slots);
    else this.#own.retain(from === 0 ? slots : slots.subarray(from).map((slot) => slot - from));
    this.#marks.retain(slots);
  }

  /**
   * Gives the rows at these positions new ones, and rotates their keys accordingly.
   *
   * @param closed new position of each old one, ascending
   * @param rotate changes keys in place; null when keys do not depend on positions
   */
  renumber(closed: Int32Array, rotate: RotateKeys | null): void {
    const { positions } = this;
    const first = positions.findIndex((position) => closed[position] !== position);
    if (first < 0) return;
    if (rotate !== null) {
      if (first < this.#sharedLength) this.#leaveShared(slotRange(0, this.length));
      const from = positions.slice(first);
      const keys = this.#own.view(0) as Float32Array;
      const shared = this.#sharedLength;
      rotate(
        keys.subarray((first - shared) * this.#headSize),
        from,
        from.map((position) => closed[position]!),
      );
    }
    for (let i = first; i < positions.length; i++) positions[i] = closed[positions[i]!]!;
  }

  /** A head with the same rows, which goes its own way from here. */
  fork(): RowBuffer {
    const copy = new RowBuffer(this.#headSize, this.#columns);
    copy.#marks = this.#marks.copy();
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
      rows.append([this.keys, this.values]);
    }
    this.#joinShared(new SharedRows(rows));
    this.#own = this.#newRows();
  }

  /** Copies the rows at these slots to arrays of this head's own. */
  #leaveShared(slots: Uint32Array): void {
    const rows = this.#newRows();
    const size = this.#headSize;
    const { shared, own } = this.segments;
    const from = this.#sharedLength;
    rows.reserve(slots.length);
    forEachRun(slots, (slot, _, count) => {
      const inShared = Math.max(0, Math.min(count, from - slot));
      const copy = ({ keys, values }: KeysAndValues, first: number, last: number) => {
        if (first >= last) return;
        const range = [first * size, last * size] as const;
        rows.append([keys.subarray(...range), values.subarray(...range)]);
      };
      copy(shared, slot, slot + inShared);
      copy(own, slot + inShared - from, slot + count - from);
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
    const column = { type: Float32Array, width: this.#headSize };
    return new GrowableRows([column, column]);
  }
}

function viewOf(rows: GrowableRows): KeysAndValues {
  return { keys: rows.view(0) as Float32Array, values: rows.view(1) as Float32Array };
}

function inOnePiece(first: Float32Array, second: Float32Array): Float32Array {
  if (second.length === 0) return first;
  if (first.length === 0) return second;
  const all = new Float32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
