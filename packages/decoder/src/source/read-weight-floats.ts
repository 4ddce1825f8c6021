import { blockLayout, dequantise } from '@namm/tensors';
import { readRows } from './read-rows.js';
import type { Weight } from './weight.js';

/**
 * The numbers of a weight in float32, in the order of rows that the graph needs. Files are read by pieces, so that
 * nothing but the result is held.
 *
 * @param weight of a float format, or of a block format that can be dequantised; its bytes fill its shape
 * @throws {FileFormatError} when the file cannot be read any more, or has become shorter
 */
export async function readWeightFloats(weight: Weight): Promise<Float32Array> {
  const { format, shape } = weight;
  const count = shape.reduce((product, n) => product * n, 1);
  const rowLength = count / (shape[0] ?? 1);
  const numbers = new Float32Array(count);
  await readRows(weight, (bytes, first, rows) => {
    decodeFloats(format, bytes, numbers.subarray(first * rowLength, (first + rows) * rowLength));
  });
  return numbers;
}

/** @param out takes the float32 numbers of all bytes */
export function decodeFloats(format: string, bytes: Uint8Array, out: Float32Array): void {
  if (format === 'F64') out.set(new Float64Array(bytes.slice().buffer));
  else dequantise(format, bytes, out);
}

/** Whether weights of a format can be turned into float32. */
export function hasFloats(format: string): boolean {
  return format === 'F64' || blockLayout(format) !== null;
}
