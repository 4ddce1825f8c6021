import { writeFloat16 } from '@namm/core/portable';

/** How numbers are kept between passes. */
export type Storage = 'float16' | 'float32';

/** Numbers as they are kept: half-precision bit patterns, or single precision. */
export type StoredRow = Uint16Array | Float32Array;

/** Rounds numbers to a storage type. Always a copy. */
export function storeRow(values: Float32Array, storage: Storage): StoredRow {
  const [row] = newRows([values.length], storage);
  writeRow(values, row!);
  return row!;
}

/**
 * Rows of these lengths, side by side in one piece of memory: a head has dozens of them, and asking for memory
 * is most of what they cost.
 */
export function newRows(lengths: readonly number[], storage: Storage): StoredRow[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const all = storage === 'float16' ? new Uint16Array(total) : new Float32Array(total);
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return all.subarray(end - length, end);
  });
}

/** Rounds numbers into a row of as many. */
export function writeRow(values: Float32Array, row: StoredRow): void {
  if (row instanceof Float32Array) row.set(values);
  else writeFloat16(values, row);
}

/**
 * A finite half-precision number is (fraction + hidden bit) · scale, both by its sign and exponent: two small
 * tables, where one of all numbers would not fit into the first-level cache.
 */
const hiddenBits = Float64Array.from({ length: 64 }, (_, top) => (top % 32 === 0 ? 0 : 1024));
const scales = Float64Array.from({ length: 64 }, (_, top) => {
  const magnitude = 2 ** (Math.max(top % 32, 1) - 25);
  return top < 32 ? magnitude : -magnitude;
});

/**
 * Copies slots `start` … `start + count − 1` of a row to `target[offset …]`; slots that the row does not
 * have are 0, since their tokens were not born.
 */
export function loadRow(
  row: StoredRow,
  start: number,
  count: number,
  target: Float32Array,
  offset: number,
): void {
  const present = Math.max(0, Math.min(count, row.length - start));
  if (row instanceof Float32Array) {
    for (let i = 0; i < present; i++) target[offset + i] = row[start + i]!;
  } else {
    for (let i = 0; i < present; i++) {
      const half = row[start + i]!;
      const top = half >>> 10;
      target[offset + i] = ((half & 1023) + hiddenBits[top]!) * scales[top]!;
    }
  }
  target.fill(0, offset + present, offset + count);
}

/** The elements of rows at ascending slots, without those beyond a row. */
export function pickSlots(
  rows: readonly StoredRow[],
  kept: Uint32Array,
  storage: Storage,
): StoredRow[] {
  const lengths = rows.map(({ length }) => {
    let count = kept.length;
    while (count > 0 && kept[count - 1]! >= length) count--;
    return count;
  });
  const results = newRows(lengths, storage);
  for (const [index, result] of results.entries()) pick(rows[index]!, kept, result);
  return results;
}

function pick(row: StoredRow, kept: Uint32Array, result: StoredRow): void {
  for (let i = 0; i < result.length; i++) result[i] = row[kept[i]!]!;
}
