import { readExactly, withFile } from '@namm/tensors';
import type { Weight } from './weight.js';

/** Bytes read at a time: little beside what they become. */
const pieceBytes = 2 ** 22;

/**
 * Hands out the rows of a weight, where the graph needs them; files are read by pieces.
 *
 * @param weight its bytes fill its shape, each row whole blocks
 * @param take the bytes of rows that follow each other, valid until it returns, and the first row's place in the graph
 * @throws {FileFormatError} when the file cannot be read any more, or has become shorter
 */
export async function readRows(
  { shape, location, rowOrder }: Weight,
  take: (bytes: Uint8Array, firstRow: number, rows: number) => void,
): Promise<void> {
  const rows = shape[0] ?? 1;
  const total = location.kind === 'file' ? location.length : location.bytes.length;
  const rowBytes = total / rows;
  const target = rowOrder && inverse(rowOrder);
  const hand = (bytes: Uint8Array, first: number) => {
    const count = bytes.length / rowBytes;
    if (!target) {
      take(bytes, first, count);
      return;
    }
    for (let i = 0; i < count; i++) {
      take(bytes.subarray(i * rowBytes, (i + 1) * rowBytes), target[first + i]!, 1);
    }
  };
  if (location.kind === 'memory') {
    hand(location.bytes, 0);
    return;
  }
  const { path, offset } = location;
  const rowsAtOnce = Math.max(1, Math.floor(pieceBytes / rowBytes));
  const piece = new Uint8Array(Math.min(rows, rowsAtOnce) * rowBytes);
  await withFile(path, async (handle) => {
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const bytes = piece.subarray(0, Math.min(rowsAtOnce, rows - row) * rowBytes);
      await readExactly(handle, bytes, offset + row * rowBytes, path);
      hand(bytes, row);
    }
  });
}

function inverse(order: Uint32Array): Uint32Array {
  const result = new Uint32Array(order.length);
  for (const [row, stored] of order.entries()) result[stored] = row;
  return result;
}
