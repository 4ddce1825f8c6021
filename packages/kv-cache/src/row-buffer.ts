/** Rows that may lie unused beyond a quarter, so that short heads do not reallocate for every token. */
const minimumSlack = 16;

/** The arrays behind one head; several heads of forked caches may share them until one of them writes. */
class Storage {
  readonly keys: Float32Array;
  readonly values: Float32Array;
  readonly positions: Int32Array;
  owners = 1;

  constructor(
    readonly capacity: number,
    headSize: number,
  ) {
    this.keys = new Float32Array(capacity * headSize);
    this.values = new Float32Array(capacity * headSize);
    this.positions = new Int32Array(capacity);
  }
}

/**
 * The growable rows of one KV head: keys `[length, headSize]`, values `[length, headSize]` and positions
 * `[length]`. Rows never change once written; they are appended at the end, and eviction moves the
 * survivors together in order, towards the side where less has to move. {@link fork} shares the arrays
 * until one side writes.
 */
export class RowBuffer {
  readonly #headSize: number;
  #storage: Storage;
  /** Where the first row lies in the arrays. */
  #start = 0;
  #length = 0;

  constructor(headSize: number) {
    this.#headSize = headSize;
    this.#storage = new Storage(0, headSize);
  }

  get length(): number {
    return this.#length;
  }

  /** Keys `[length, headSize]`, a view that is valid until the next change. */
  get keys(): Float32Array {
    return this.#rowsOf(this.#storage.keys);
  }

  /** Values `[length, headSize]`, a view that is valid until the next change. */
  get values(): Float32Array {
    return this.#rowsOf(this.#storage.values);
  }

  /** Positions `[length]`, ascending, a view that is valid until the next change. */
  get positions(): Int32Array {
    return this.#storage.positions.subarray(this.#start, this.#start + this.#length);
  }

  /** Bytes of the arrays with their unused ends; shared arrays count in full. */
  get allocatedBytes(): number {
    return this.#storage.capacity * (2 * this.#headSize + 1) * 4;
  }

  /**
   * Makes room for `count` more rows, in arrays that nobody else reads.
   *
   * @throws {RangeError} when the memory cannot be had; the buffer is then unchanged
   */
  reserve(count: number): void {
    const source = this.#storage;
    const needed = this.#length + count;
    if (source.owners === 1) {
      if (this.#start + needed <= source.capacity) return;
      if (needed <= source.capacity) {
        this.#move(source, this.#start, source, 0, this.#length);
        this.#start = 0;
        return;
      }
    }
    const target = new Storage(withQuarter(needed), this.#headSize);
    this.#move(source, this.#start, target, 0, this.#length);
    this.#replace(target, this.#length);
  }

  /** Appends rows with consecutive positions. `keys` and `values` are `[count, headSize]`. */
  append(keys: Float32Array, values: Float32Array, firstPosition: number): void {
    const count = keys.length / this.#headSize;
    this.reserve(count);
    const { keys: allKeys, values: allValues, positions } = this.#storage;
    const end = this.#start + this.#length;
    allKeys.set(keys, end * this.#headSize);
    allValues.set(values, end * this.#headSize);
    for (let i = 0; i < count; i++) positions[end + i] = firstPosition + i;
    this.#length += count;
  }

  /** Keeps the rows at these ascending slots and drops the others. */
  retain(slots: Uint32Array): void {
    const count = slots.length;
    const dropped = this.#length - count;
    const source = this.#storage;
    const tooLarge = source.capacity > withQuarter(count) + minimumSlack;
    if (dropped === 0 && !tooLarge) return;
    if (source.owners > 1 || tooLarge) {
      // An eighth is less than growth gives, so that growing and shrinking do not alternate.
      const target = new Storage(count + (count >>> 3), this.#headSize);
      this.#moveDown(slots, 0, target, 0);
      this.#replace(target, count);
      return;
    }
    let before = 0; // rows before the first gap, which stay in place when the others move down
    while (before < count && slots[before] === before) before++;
    let after = 0; // rows after the last gap, which stay in place when the others move up
    while (after < count && slots[count - 1 - after] === this.#length - 1 - after) after++;
    if (before >= after) {
      this.#moveDown(slots, before, source, this.#start);
    } else {
      this.#moveUp(slots, count - after, this.#start + dropped);
      this.#start += dropped;
    }
    this.#length = count;
  }

  /** A buffer with the same rows; the arrays are copied when either of the two first writes. */
  fork(): RowBuffer {
    const copy = new RowBuffer(this.#headSize);
    copy.#storage = this.#storage;
    copy.#start = this.#start;
    copy.#length = this.#length;
    this.#storage.owners++;
    return copy;
  }

  /** Moves the rows `slots[from …]` to `offset + from …`, run by run: memmove speed, no element loop. */
  #moveDown(slots: Uint32Array, from: number, target: Storage, offset: number): void {
    for (let first = from; first < slots.length; ) {
      let end = first + 1;
      while (end < slots.length && slots[end]! - slots[first]! === end - first) end++;
      this.#move(this.#storage, this.#start + slots[first]!, target, offset + first, end - first);
      first = end;
    }
  }

  /** Moves the rows `slots[0 … to − 1]` up to `offset …`, last run first, so that none is overwritten. */
  #moveUp(slots: Uint32Array, to: number, offset: number): void {
    for (let end = to; end > 0; ) {
      let first = end - 1;
      while (first > 0 && slots[end - 1]! - slots[first - 1]! === end - first) first--;
      const from = this.#start + slots[first]!;
      this.#move(this.#storage, from, this.#storage, offset + first, end - first);
      end = first;
    }
  }

  /** Goes on with fresh arrays that hold `length` rows from their beginning on. */
  #replace(target: Storage, length: number): void {
    this.#storage.owners--;
    this.#storage = target;
    this.#start = 0;
    this.#length = length;
  }

  #rowsOf(array: Float32Array): Float32Array {
    const size = this.#headSize;
    return array.subarray(this.#start * size, (this.#start + this.#length) * size);
  }

  #move(source: Storage, from: number, target: Storage, to: number, count: number): void {
    const size = this.#headSize;
    moveRun(source.keys, from * size, target.keys, to * size, count * size);
    moveRun(source.values, from * size, target.values, to * size, count * size);
    moveRun(source.positions, from, target.positions, to, count);
  }
}

function withQuarter(count: number): number {
  return count + (count >>> 2);
}

function moveRun<T extends Float32Array | Int32Array>(
  source: T,
  from: number,
  target: T,
  to: number,
  count: number,
): void {
  if (source === target) target.copyWithin(to, from, from + count);
  else target.set(source.subarray(from, from + count), to);
}
