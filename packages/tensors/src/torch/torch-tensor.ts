import { bfloat16ToFloat32, FileFormatError, float16ToFloat32 } from '@namm/core';

/** Element types of torch storages. */
export type TorchDtype =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool';

/** Bytes per element. */
export const torchWidths: Readonly<Record<TorchDtype, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
};

/** Numbers of a tensor; half precision is widened, which is exact. */
export type TorchArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** A run of elements in a file, which tensors are views of. */
export interface TorchStorage {
  readonly dtype: TorchDtype;
  readonly count: number;
  /** Reads all of it, little-endian. */
  read(): Promise<Uint8Array>;
}

/** More elements than a checkpoint's largest tensor has 10 times over; a view may claim any number. */
const mostElements = 2 ** 28;

/** A tensor in a file: a strided view of a storage, read when asked for. */
export class TorchTensor {
  readonly dtype: TorchDtype;
  readonly shape: readonly number[];

  /** @throws {FileFormatError} when the view reaches beyond its storage */
  constructor(
    readonly path: string,
    private readonly storage: TorchStorage,
    private readonly offset: number,
    shape: readonly number[],
    private readonly strides: readonly number[],
  ) {
    this.dtype = storage.dtype;
    this.shape = shape;
    const isSize = (value: number) => Number.isSafeInteger(value) && value >= 0;
    const isValid = [offset, ...shape, ...strides].every(isSize) && shape.length === strides.length;
    if (!isValid) throw new FileFormatError(path, 'a tensor has a shape or strides that cannot be');
    const isEmpty = shape.includes(0);
    const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, offset);
    if (!isEmpty && !(last < storage.count)) {
      const problem = `a tensor of shape [${shape}] reaches beyond its ${storage.count} elements`;
      throw new FileFormatError(path, problem);
    }
    const count = shape.reduce((product, size) => product * size, 1);
    if (!(count <= mostElements)) {
      throw new FileFormatError(
        path,
        `a tensor of shape [${shape}] is larger than any it may hold`,
      );
    }
  }

  /** The numbers, row-major, bit for bit. */
  async read(): Promise<TorchArray> {
    const bytes = await this.storage.read();
    const width = torchWidths[this.dtype];
    const count = this.shape.reduce((product, size) => product * size, 1);
    const start = this.offset * width;
    return this.#isContiguous()
      ? decode(this.dtype, bytes.slice(start, start + count * width).buffer)
      : decode(this.dtype, gather(bytes, width, this.#offsets(count)));
  }

  /** Whether its elements stand one after the other, as nearly always. */
  #isContiguous(): boolean {
    let expected = 1;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      if (this.strides[axis] !== expected && this.shape[axis] !== 1) return false;
      expected *= this.shape[axis]!;
    }
    return true;
  }

  /** Which element of the storage each element of the tensor is. */
  #offsets(count: number): Float64Array {
    const offsets = new Float64Array(count);
    let filled = offsets.length > 0 ? 1 : 0; // elements whose leading indices are all 0 so far
    offsets.fill(this.offset, 0, filled);
    for (let axis = this.shape.length - 1; axis >= 0 && filled > 0; axis--) {
      const step = this.strides[axis]!;
      for (let i = 1; i < this.shape[axis]!; i++) {
        for (let j = 0; j < filled; j++) offsets[i * filled + j] = offsets[j]! + i * step;
      }
      filled *= this.shape[axis]!;
    }
    return offsets;
  }
}

/** Copies elements as bytes, so that not even the payload of a NaN changes. */
function gather(bytes: Uint8Array, width: number, offsets: Float64Array): ArrayBuffer {
  const result = new Uint8Array(offsets.length * width);
  for (const [i, offset] of offsets.entries()) {
    for (let j = 0; j < width; j++) result[i * width + j] = bytes[offset * width + j]!;
  }
  return result.buffer;
}

function decode(dtype: TorchDtype, buffer: ArrayBuffer): TorchArray {
  switch (dtype) {
    case 'float64':
      return new Float64Array(buffer);
    case 'float32':
      return new Float32Array(buffer);
    case 'float16':
      return float16ToFloat32(new Uint16Array(buffer));
    case 'bfloat16':
      return bfloat16ToFloat32(new Uint16Array(buffer));
    case 'int64':
      return new BigInt64Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'uint16':
      return new Uint16Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'uint64':
      return new BigUint64Array(buffer);
    default:
      return new Uint8Array(buffer);
  }
}
