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
 * survivors together in order. {@link fork} shares the arrays until one side writes.
 */
export class RowBuffer {
  readonly #headSize: number;
  #storage: Storage;
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
    return this.#storage.keys.subarray(0, this.#length * this.#headSize);
  }

  /** Values `[length, headSize]`, a view that is valid until the next change. */
  get values(): Float32Array {
    return this.#storage.values.subarray(0, this.#length * this.#headSize);
  }

  /** Positions `[length]`, ascending, a view that is valid until the next change. */
  get positions(): Int32Array {
    return this.#storage.positions.subarray(0, this.#length);
  }

  /** Bytes of the arrays with their unused end; shared arrays count in full. */
  get allocatedBytes(): number {
    return this.#storage.capacity * (2 * this.#headSize + 1) * 4;
  }

  /** Appends rows with consecutive positions. `keys` and `values` are `[count, headSize]`. */
  append(keys: Float32Array, values: Float32Array, firstPosition: number): void {
    const count = keys.length / this.#headSize;
    this.#reserve(this.#length + count);
    const { keys: allKeys, values: allValues, positions } = this.#storage;
    allKeys.set(keys, this.#length * this.#headSize);
    allValues.set(values, this.#length * this.#headSize);
    for (let i = 0; i < count; i++) positions[this.#length + i] = firstPosition + i;
    this.#length += count;
  }

  /** Keeps the rows at these ascending slots and drops the others. */
  retain(slots: Uint32Array): void {
    const count = slots.length;
    const source = this.#storage;
    const tooLarge = source.capacity > withQuarter(count) + minimumSlack;
    if (count === this.#length && !tooLarge) return;
    const target =
      source.owners > 1 || tooLarge
        ? new Storage(count + (count >>> 3), this.#headSize) // less than growth gives: no see-saw
        : source;
    // Whole runs of neighbours move at once: memmove speed instead of an element loop.
    for (let from = 0; from < count; ) {
      let to = from + 1;
      while (to < count && slots[to]! - slots[from]! === to - from) to++;
      this.#move(source, slots[from]!, target, from, to - from);
      from = to;
    }
    this.#replace(target, count);
  }

  /** A buffer with the same rows; the arrays are copied when either of the two first writes. */
  fork(): RowBuffer {
    const copy = new RowBuffer(this.#headSize);
    copy.#storage = this.#storage;
    copy.#length = this.#length;
    this.#storage.owners++;
    return copy;
  }

  /** Makes sure that `needed` rows fit into arrays that nobody else reads. */
  #reserve(needed: number): void {
    const source = this.#storage;
    if (needed <= source.capacity && source.owners === 1) return;
    const target = new Storage(withQuarter(needed), this.#headSize);
    this.#move(source, 0, target, 0, this.#length);
    this.#replace(target, this.#length);
  }

  #replace(target: Storage, length: number): void {
    if (target !== this.#storage) this.#storage.owners--;
    this.#storage = target;
    this.#length = length;
  }

  #move(source: Storage, from: number, target: Storage, to: number, count: number): void {
    if (source === target && from === to) return;
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
