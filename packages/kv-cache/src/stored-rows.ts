import { float16ToFloat32, float32ToFloat16, InvalidArgumentError } from '@namm/core';
import { marksPerRow } from './compact-positions.js';
import type { CacheDtype, CacheShape, LayerShape } from './contracts/cache-shape.js';
import type { StoredRows } from './contracts/segments.js';
import type { Column } from './growable-rows.js';

/** The precisions in which a cache may store keys and values. */
export const cacheDtypes = ['fp32', 'fp16', 'int8'] as const satisfies readonly CacheDtype[];

const numberTypes = { fp32: Float32Array, fp16: Uint16Array, int8: Int8Array } as const;
const noScales = new Float32Array(0);
const largestInteger = 127;
const largestHalf = 65504;

/** The arrays that hold keys, or values, of a head. */
export function storedColumns(dtype: CacheDtype, headSize: number): Column[] {
  const numbers = { type: numberTypes[dtype], width: headSize };
  return dtype === 'int8' ? [numbers, { type: Float32Array, width: 1 }] : [numbers];
}

/** No rows. */
export function noRows(dtype: CacheDtype): StoredRows {
  return { numbers: new numberTypes[dtype](0), scales: noScales };
}

/**
 * Rounds rows to the cache's precision. Integers have a scale per row, so that the row's largest number becomes ±127.
 *
 * @param rows `[rows, headSize]`; float32 is not copied
 * @throws {InvalidArgumentError} when a number exceeds float16 or is not finite, unless the precision is float32
 */
export function storeRows(dtype: CacheDtype, rows: Float32Array, headSize: number): StoredRows {
  if (dtype === 'fp32') return { numbers: rows, scales: noScales };
  if (dtype === 'fp16') {
    for (let i = 0; i < rows.length; i++) {
      if (!(Math.abs(rows[i]!) <= largestHalf)) refuse(rows[i]!, 'fp16');
    }
    return { numbers: float32ToFloat16(rows), scales: noScales };
  }
  const numbers = new Int8Array(rows.length);
  const scales = new Float32Array(rows.length / headSize);
  for (let row = 0, from = 0; row < scales.length; row++, from += headSize) {
    let largest = 0;
    let sum = 0;
    for (let i = from; i < from + headSize; i++) {
      const size = Math.abs(rows[i]!);
      sum += size;
      if (size > largest) largest = size;
    }
    if (!Number.isFinite(sum)) refuse(sum, dtype);
    scales[row] = largest / largestInteger;
    // By the scale as it is held. Numbers too small to have one are 0.
    const factor = scales[row] === 0 ? 0 : 1 / scales[row]!;
    for (let i = from; i < from + headSize; i++) {
      numbers[i] = Math.max(
        -largestInteger,
        Math.min(largestInteger, roundEven(rows[i]! * factor)),
      );
    }
  }
  return { numbers, scales };
}

/**
 * The numbers that a model reads.
 *
 * @returns `[rows, headSize]`: the array itself where it holds float32, else a copy
 */
export function readStored({ numbers, scales }: StoredRows, headSize: number): Float32Array {
  if (numbers instanceof Float32Array) return numbers;
  if (numbers instanceof Uint16Array) return float16ToFloat32(numbers);
  const rows = new Float32Array(numbers.length);
  for (let row = 0, i = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (const end = i + headSize; i < end; i++) rows[i] = numbers[i]! * scale;
  }
  return rows;
}

/** Rows from `first` on: a view. */
export function storedFrom(
  { numbers, scales }: StoredRows,
  headSize: number,
  first: number,
  last?: number,
): StoredRows {
  return {
    numbers: numbers.subarray(first * headSize, last === undefined ? last : last * headSize),
    scales: scales.subarray(first, last),
  };
}

/** Bytes of keys and values of one row of a head. */
export function storedBytes({ headSize }: Pick<LayerShape, 'headSize'>, dtype: CacheDtype): number {
  const columns = storedColumns(dtype, headSize);
  const bytes = columns.reduce((sum, { type, width }) => sum + type.BYTES_PER_ELEMENT * width, 0);
  return 2 * bytes;
}

/** What a shape says that keys and values are held in. */
export function cacheDtype({ dtype = 'fp32' }: Pick<CacheShape, 'dtype'>): CacheDtype {
  return dtype;
}

/**
 * Bytes of one row of one head: keys, values and positions, without what a policy remembers of it.
 *
 * @param shape of the cache
 * @param layer of the shape
 */
export function rowBytes(shape: CacheShape, layer: LayerShape): number {
  return storedBytes(layer, cacheDtype(shape)) + marksPerRow(shape) * 4;
}

/** Bytes of what layers without rows keep of a sequence. */
export function stateBytes({ states = [] }: CacheShape): number {
  return states.reduce((sum, { size }) => sum + size * 4, 0);
}

/** Ties to even, as ONNX rounds; the sum with it leaves no bits for a fraction. */
function roundEven(x: number): number {
  const shift = 1.5 * 2 ** 52;
  return x + shift - shift;
}

function refuse(value: number, dtype: CacheDtype): never {
  const what = Number.isFinite(value)
    ? `${value}, which is beyond ${dtype}`
    : 'numbers that are not finite';
  throw new InvalidArgumentError('rows', `holds ${what}; keep keys and values in fp32`);
}
