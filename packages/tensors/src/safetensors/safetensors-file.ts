import { FileFormatError } from '@namm/core';
import { factsOf } from './dtype.js';
import { withFile } from './open-file.js';
import type { Header } from './parse-header.js';
import { quoted } from './quoted.js';
import { readExactly } from './read-exactly.js';
import type { TensorEntry } from './tensor-entry.js';

/** Bytes converted at a time, so that a conversion needs little beside its result. A multiple of 8. */
const pieceBytes = 2 ** 22;

type Decode = NonNullable<ReturnType<typeof factsOf>['decode']>;

/**
 * A `.safetensors` file whose header was read; made by {@link openSafetensors}. It holds no open file:
 * each read opens and closes it.
 */
export class SafetensorsFile {
  readonly path: string;
  /** Size of the file in bytes. */
  readonly size: number;
  /** First byte of the data section, counted from the start of the file. */
  readonly dataOffset: number;
  /** The header's `__metadata__`; empty when it has none. */
  readonly metadata: ReadonlyMap<string, string>;
  /** All tensors in the order of their data. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;

  constructor(path: string, size: number, dataOffset: number, header: Header) {
    this.path = path;
    this.size = size;
    this.dataOffset = dataOffset;
    this.metadata = header.metadata;
    this.tensors = header.tensors;
  }

  /**
   * The entry of a tensor that has to be there.
   *
   * @throws {FileFormatError} when it is not
   */
  entry(name: string): TensorEntry {
    const entry = this.tensors.get(name);
    if (entry) return entry;
    throw this.#error(name, `is not among the ${this.tensors.size} tensors of this file`);
  }

  /** The bytes of a tensor as they stand in the file. */
  async readBytes(name: string): Promise<Uint8Array> {
    const { byteLength, offset } = this.entry(name);
    const bytes = this.#allocate(name, byteLength, (length) => new Uint8Array(length));
    await withFile(this.path, (handle) => readExactly(handle, bytes, offset, this.path));
    return bytes;
  }

  /** The whole data section: what follows the header. Offsets of tensors count from the file's start. */
  async readData(): Promise<Uint8Array> {
    const length = this.size - this.dataOffset;
    const bytes = this.#allocate('of the whole file', length, (size) => new Uint8Array(size));
    await withFile(this.path, (handle) => readExactly(handle, bytes, this.dataOffset, this.path));
    return bytes;
  }

  /**
   * A tensor of a floating-point dtype (F32, F16, BF16, F64) as single-precision numbers, row-major.
   * Integers are refused: a weight stored as integers is quantised, and its numbers alone mislead.
   *
   * @throws {FileFormatError} for a missing tensor or another dtype
   */
  readFloat32(name: string): Promise<Float32Array> {
    return this.#readNumbers(name, ['float'], (length) => new Float32Array(length));
  }

  /** As {@link readFloat32}, in double precision. */
  readFloat64(name: string): Promise<Float64Array> {
    return this.#readNumbers(name, ['float'], (length) => new Float64Array(length));
  }

  /**
   * A tensor of any real dtype, integers and booleans (0, 1) included, as double-precision numbers.
   *
   * @throws {FileFormatError} for a missing tensor, 8-bit floats, or an integer beyond ±2^53, which a
   * number does not hold exactly
   */
  readNumbers(name: string): Promise<Float64Array> {
    return this.#readNumbers(name, ['float', 'integer'], (length) => new Float64Array(length));
  }

  async #readNumbers<Numbers extends Float32Array | Float64Array>(
    name: string,
    kinds: readonly string[],
    create: (length: number) => Numbers,
  ): Promise<Numbers> {
    const entry = this.entry(name);
    const { bits, kind, decode } = factsOf(entry.dtype);
    if (!decode || !kinds.includes(kind)) {
      throw this.#error(name, `has dtype ${entry.dtype} where F32, F16, BF16 or F64 is needed`);
    }
    const numbers = this.#allocate(name, (entry.byteLength * 8) / bits, create);
    const asStored = entry.dtype === (numbers instanceof Float32Array ? 'F32' : 'F64');
    if (asStored) {
      const bytes = new Uint8Array(numbers.buffer);
      await withFile(this.path, (handle) => readExactly(handle, bytes, entry.offset, this.path));
    } else {
      await this.#convert(entry, bits / 8, decode, numbers);
    }
    return numbers;
  }

  /** Reads a tensor piece by piece into numbers of another width. */
  #convert(
    entry: TensorEntry,
    width: number,
    decode: Decode,
    numbers: Float32Array | Float64Array,
  ) {
    return withFile(this.path, async (handle) => {
      for (let done = 0; done < entry.byteLength; done += pieceBytes) {
        const bytes = new Uint8Array(Math.min(pieceBytes, entry.byteLength - done));
        await readExactly(handle, bytes, entry.offset + done, this.path);
        numbers.set(this.#exactNumbers(decode(bytes.buffer), entry.name), done / width);
      }
    });
  }

  #exactNumbers(values: ArrayLike<number> | ArrayLike<bigint>, name: string): ArrayLike<number> {
    if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) {
      return values as ArrayLike<number>;
    }
    return Float64Array.from(values as Iterable<bigint>, (value) => {
      const number = Number(value);
      if (Number.isSafeInteger(number)) return number;
      throw this.#error(
        name,
        `holds ${value}, which a number does not hold exactly; use readBytes`,
      );
    });
  }

  #allocate<Result>(name: string, length: number, create: (length: number) => Result): Result {
    try {
      return create(length);
    } catch (cause) {
      throw this.#error(name, `has ${length} elements, more than this machine can allocate`, cause);
    }
  }

  #error(name: string, problem: string, cause?: unknown): FileFormatError {
    return new FileFormatError(this.path, `tensor ${quoted(name)} ${problem}`, {
      ...(cause === undefined ? {} : { cause }),
      details: { tensor: name },
    });
  }
}
