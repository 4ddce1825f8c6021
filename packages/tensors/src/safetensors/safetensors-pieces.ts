import { InvalidArgumentError } from '@namm/core/portable';
import { type Dtype, factsOf } from './dtype.js';
import { lengthBytes, longestHeader } from './header-length.js';

/** Typed arrays that can be stored. */
export type TensorArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** A tensor to be stored. */
export interface TensorData {
  /** Row-major dimensions. */
  readonly shape: readonly number[];
  /** The numbers, or for a dtype that has no typed array (F16, BF16 …) their bit patterns. */
  readonly data: TensorArray;
  /** @defaultValue the dtype of the typed array, such as F32 for a Float32Array */
  readonly dtype?: Dtype;
}

function defaultDtype(data: TensorArray): Dtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Uint8Array) return 'U8';
  if (data instanceof Int8Array) return 'I8';
  if (data instanceof Uint16Array) return 'U16';
  if (data instanceof Int16Array) return 'I16';
  if (data instanceof Uint32Array) return 'U32';
  if (data instanceof Int32Array) return 'I32';
  return data instanceof BigInt64Array ? 'I64' : 'U64';
}

interface Planned {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

function plan(name: string, { shape, data, dtype = defaultDtype(data) }: TensorData): Planned {
  if (name === '__metadata__') {
    throw new InvalidArgumentError('tensors', 'a tensor cannot be named __metadata__');
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const sizesAreValid = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!sizesAreValid || (count * factsOf(dtype).bits) / 8 !== data.byteLength) {
    const given = `${data.byteLength} bytes of data do not fill shape [${shape}] of ${dtype}`;
    throw new InvalidArgumentError('tensors', `tensor ${JSON.stringify(name)}: ${given}`);
  }
  return {
    name,
    dtype,
    shape,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** Wide elements first, so that every tensor is aligned to its element size; then by name. */
function inFileOrder(a: Planned, b: Planned): number {
  return factsOf(b.dtype).bits - factsOf(a.dtype).bits || (a.name < b.name ? -1 : 1);
}

function headerOf(
  planned: readonly Planned[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  let end = 0;
  const entries = planned.map(({ name, dtype, shape, bytes }): [string, unknown] => {
    const begin = end;
    end += bytes.byteLength;
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  if (Object.keys(metadata).length > 0) entries.unshift(['__metadata__', metadata]);
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padded = Math.ceil(header.byteLength / 8) * 8;
  if (padded > longestHeader) {
    throw new InvalidArgumentError('tensors', `their header would exceed ${longestHeader} bytes`);
  }
  const result = new Uint8Array(lengthBytes + padded).fill(0x20); // spaces align the data to 8 bytes
  new DataView(result.buffer).setBigUint64(0, BigInt(padded), true);
  result.set(header, lengthBytes);
  return result;
}

/**
 * The bytes of a `.safetensors` file in pieces, header first. The same tensors and metadata give the same
 * bytes, whatever the order in which the tensors are given.
 *
 * @throws {InvalidArgumentError} for two tensors of one name, or data that does not fill its shape
 */
export function safetensorsPieces(
  tensors: Iterable<readonly [string, TensorData]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const planned = Array.from(tensors, ([name, tensor]) => plan(name, tensor)).sort(inFileOrder);
  const names = new Set(planned.map(({ name }) => name));
  if (names.size < planned.length) {
    throw new InvalidArgumentError('tensors', 'two tensors have the same name');
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw new InvalidArgumentError(
        'metadata',
        `the value of ${JSON.stringify(key)} is not a string`,
      );
    }
  }
  return [headerOf(planned, metadata), ...planned.map(({ bytes }) => bytes)];
}
