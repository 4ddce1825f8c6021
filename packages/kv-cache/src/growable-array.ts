/** Below this size an array is replaced when it grows; above, it grows where it lies. */
const inPlaceBytes = 2 ** 16;

/** Address space that is set aside for an array beyond its size; it costs memory only when it is used. */
const reserveFactor = 8;

/** An array of numbers that can grow. */
export type NumberArray = Float32Array | Int32Array | Uint16Array | Int8Array;

/** How one is made over a buffer. */
export interface NumberArrayType<T extends NumberArray> {
  new (buffer: ArrayBuffer, offset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/**
 * An array of numbers that grows and shrinks without leaving garbage. Small arrays are plain ones
 * and are copied when they change size. Large ones lie in a resizable buffer, which takes pages from the
 * system and gives them back where it lies; where the system has no address space to set aside, they are
 * plain as well.
 */
export class GrowableArray<T extends NumberArray> {
  readonly #type: NumberArrayType<T>;
  #array: T;

  constructor(type: NumberArrayType<T>) {
    this.#type = type;
    this.#array = new type(new ArrayBuffer(0), 0, 0);
  }

  get length(): number {
    return this.#array.length;
  }

  /** All numbers; valid until the next {@link resize}. */
  get array(): T {
    return this.#array;
  }

  /**
   * Changes the length. Numbers that fit stay; new ones are anything.
   *
   * @throws {RangeError} when the memory cannot be had; the array is then unchanged
   */
  resize(length: number): void {
    const old = this.#array;
    const bytes = length * old.BYTES_PER_ELEMENT;
    const buffer = old.buffer as ArrayBuffer;
    if (buffer.resizable && bytes <= buffer.maxByteLength) {
      buffer.resize(bytes);
      this.#array = new this.#type(buffer, 0, length);
      return;
    }
    const array = new this.#type(newBuffer(bytes), 0, length);
    array.set(old.length > length ? old.subarray(0, length) : old);
    this.#array = array;
    // The garbage collector may come late; the pages go now. A plain buffer has to wait for it.
    if (buffer.resizable) buffer.resize(0);
  }
}

function newBuffer(bytes: number): ArrayBuffer {
  if (bytes < inPlaceBytes) return new ArrayBuffer(bytes);
  try {
    return new ArrayBuffer(bytes, { maxByteLength: bytes * reserveFactor });
  } catch {
    return new ArrayBuffer(bytes);
  }
}
