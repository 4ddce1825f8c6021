import { float16ToFloat32 } from '@namm/core/portable';
import { PickleProblem } from './pickle-problem.js';
import { swapBytes } from './swap-bytes.js';

/** Numbers of an array of numpy; half precision is widened, booleans are 0 and 1. */
export type NumpyData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

interface NumberKind {
  readonly name: string;
  readonly width: number;
  /** @param buffer little-endian */
  read(buffer: ArrayBuffer): NumpyData;
}

const kinds: Readonly<Record<string, NumberKind | undefined>> = {
  __proto__: null as never,
  f8: { name: 'float64', width: 8, read: (buffer) => new Float64Array(buffer) },
  f4: { name: 'float32', width: 4, read: (buffer) => new Float32Array(buffer) },
  f2: { name: 'float16', width: 2, read: (buffer) => float16ToFloat32(new Uint16Array(buffer)) },
  i8: { name: 'int64', width: 8, read: (buffer) => new BigInt64Array(buffer) },
  i4: { name: 'int32', width: 4, read: (buffer) => new Int32Array(buffer) },
  i2: { name: 'int16', width: 2, read: (buffer) => new Int16Array(buffer) },
  i1: { name: 'int8', width: 1, read: (buffer) => new Int8Array(buffer) },
  u8: { name: 'uint64', width: 8, read: (buffer) => new BigUint64Array(buffer) },
  u4: { name: 'uint32', width: 4, read: (buffer) => new Uint32Array(buffer) },
  u2: { name: 'uint16', width: 2, read: (buffer) => new Uint16Array(buffer) },
  u1: { name: 'uint8', width: 1, read: (buffer) => new Uint8Array(buffer) },
  b1: { name: 'bool', width: 1, read: (buffer) => new Uint8Array(buffer) },
};

/** A kind of numbers of numpy, whose byte order follows its name in a pickle. */
export class NumpyDtype {
  #order: unknown = null;

  /** @param code such as `f8` */
  constructor(readonly code: string) {}

  /** Such as `float64`. */
  get name(): string {
    return kinds[this.code]?.name ?? this.code;
  }

  /** @param state as numpy writes it: a version, the byte order, and what only structures have */
  build(state: unknown): void {
    const [, order, subarray, names] = Array.isArray(state) ? state : [];
    const isPlain = (subarray ?? null) === null && (names ?? null) === null;
    if (!isPlain || !['<', '|', '>'].includes(order)) {
      throw new PickleProblem(
        `it holds a kind of numbers of numpy that is not read: '${this.code}'`,
      );
    }
    this.#order = order;
  }

  /** The one number or text that these bytes are. */
  scalar(bytes: Uint8Array): number | bigint | boolean | string {
    const length = /^U(\d{1,6})$/.exec(this.code)?.[1];
    if (length !== undefined && bytes.length === 4 * Number(length)) return this.#text(bytes);
    const numbers = this.numbers(bytes, 1);
    const value = numbers[0]!;
    if (this.code === 'b1') return value !== 0;
    return typeof value === 'bigint' && Number.isSafeInteger(Number(value))
      ? Number(value)
      : value!;
  }

  /** So many numbers, in the order in which they lie. */
  numbers(bytes: Uint8Array, count: number): NumpyData {
    const kind = kinds[this.code];
    if (kind === undefined || this.#order === null || bytes.length !== count * kind.width) {
      throw new PickleProblem(`it holds numbers of numpy of kind '${this.code}'; not read`);
    }
    const little = this.#order === '>' ? swapBytes(bytes, kind.width) : Uint8Array.from(bytes);
    return kind.read(little.buffer);
  }

  /** UTF-32, filled up with zeros. */
  #text(bytes: Uint8Array): string {
    const little = this.#order === '>' ? swapBytes(bytes, 4) : Uint8Array.from(bytes);
    const points = [...new Uint32Array(little.buffer)];
    if (points.some((point) => point > 0x10ffff)) {
      throw new PickleProblem('it holds a text of numpy that is none');
    }
    return String.fromCodePoint(...points.slice(0, points.findLastIndex((one) => one !== 0) + 1));
  }
}

/** An array of numpy, row-major whatever its order in the file. */
export class NumpyArray {
  #shape: readonly number[] = [0];
  #dtype = '';
  #data: NumpyData = new Uint8Array(0);

  get shape(): readonly number[] {
    return this.#shape;
  }

  /** Kind of its numbers in the file, such as `float64`. */
  get dtype(): string {
    return this.#dtype;
  }

  get data(): NumpyData {
    return this.#data;
  }

  /**
   * @param bytes of all numbers
   * @param isFortran whether the first axis runs fastest
   */
  static of(bytes: unknown, dtype: unknown, shape: unknown, isFortran: boolean): NumpyArray {
    const array = new NumpyArray();
    array.#set(bytes, dtype, shape, isFortran);
    return array;
  }

  /** @param state as numpy writes it: version, shape, kind, whether the first axis runs fastest, bytes */
  build(state: unknown): void {
    const [, shape, dtype, isFortran, bytes] = Array.isArray(state) ? state : [];
    this.#set(bytes, dtype, shape, isFortran === true);
  }

  #set(bytes: unknown, dtype: unknown, shape: unknown, isFortran: boolean): void {
    const isShape =
      Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
    if (!isShape || !(dtype instanceof NumpyDtype) || !(bytes instanceof Uint8Array)) {
      throw new PickleProblem('it holds an array of numpy that is not one of numbers');
    }
    const count = (shape as number[]).reduce((product, size) => product * size, 1);
    const numbers = dtype.numbers(bytes, count);
    this.#shape = shape;
    this.#dtype = dtype.name;
    this.#data = isFortran ? rowMajor(numbers, shape) : numbers;
  }
}

/** Numbers of which the first axis runs fastest, put in order of the last. */
function rowMajor(numbers: NumpyData, shape: readonly number[]): NumpyData {
  const ordered = numbers.slice();
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((all, size) => all * size, 1));
  for (let i = 0; i < ordered.length; i++) {
    ordered[i] = numbers[index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return ordered;
}
