import { blockLayout, dequantise, readExactly, withFile } from '@namm/tensors';
import type { Weight } from './weight.js';

/** Bytes read at a time: little beside the numbers that they become. */
const pieceBytes = 2 ** 22;

/**
 * The numbers of a weight in float32, in the order of rows that the graph needs. Files are read by pieces, so that
 * nothing but the result is held.
 *
 * @param weight of a float format, or of a block format that can be dequantised; its bytes fill its shape
 * @throws {FileFormatError} when the file cannot be read any more, or has become shorter
 */
export async function readWeightFloats(weight: Weight): Promise<Float32Array> {
  const { format, shape, location, rowOrder } = weight;
  const count = shape.reduce((product, n) => product * n, 1);
  const rows = shape[0] ?? 1;
  const rowLength = count / rows;
  const numbers = new Float32Array(count);
  const total = location.kind === 'file' ? location.length : location.bytes.length;
  const rowBytes = total / rows;
  const target = rowOrder && inverse(rowOrder);
  const take = (bytes: Uint8Array, firstRow: number) => {
    if (!target) {
      const start = firstRow * rowLength;
      const length = (bytes.length / rowBytes) * rowLength;
      decode(format, bytes, numbers.subarray(start, start + length));
      return;
    }
    for (let i = 0; i < bytes.length / rowBytes; i++) {
      const start = target[firstRow + i]! * rowLength;
      const row = bytes.subarray(i * rowBytes, (i + 1) * rowBytes);
      decode(format, row, numbers.subarray(start, start + rowLength));
    }
  };
  if (location.kind === 'memory') {
    take(location.bytes, 0);
    return numbers;
  }
  const { path, offset } = location;
  const rowsAtOnce = Math.max(1, Math.floor(pieceBytes / rowBytes));
  const piece = new Uint8Array(Math.min(rows, rowsAtOnce) * rowBytes);
  await withFile(path, async (handle) => {
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const bytes = piece.subarray(0, Math.min(rowsAtOnce, rows - row) * rowBytes);
      await readExactly(handle, bytes, offset + row * rowBytes, path);
      take(bytes, row);
    }
  });
  return numbers;
}

function inverse(order: Uint32Array): Uint32Array {
  const result = new Uint32Array(order.length);
  for (const [row, stored] of order.entries()) result[stored] = row;
  return result;
}

function decode(format: string, bytes: Uint8Array, out: Float32Array): void {
  if (format === 'F64') out.set(new Float64Array(bytes.slice().buffer));
  else dequantise(format, bytes, out);
}

/** Whether weights of a format can be turned into float32. */
export function hasFloats(format: string): boolean {
  return format === 'F64' || blockLayout(format) !== null;
}
