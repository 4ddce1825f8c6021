import { float16ToFloat32, float32ToFloat16 } from '@namm/core/portable';

/** How numbers are kept between passes. */
export type Storage = 'float16' | 'float32';

/** Numbers as they are kept: half-precision bit patterns, or single precision. */
export type StoredRow = Uint16Array | Float32Array;

/** Rounds numbers to a storage type. Always a copy. */
export function storeRow(values: Float32Array, storage: Storage): StoredRow {
  return storage === 'float16' ? float32ToFloat16(values) : values.slice();
}

/** Every half-precision number, by its bit pattern: one look-up instead of a conversion. */
const halves = float16ToFloat32(Uint16Array.from({ length: 2 ** 16 }, (_, pattern) => pattern));

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
    for (let i = 0; i < present; i++) target[offset + i] = halves[row[start + i]!]!;
  }
  target.fill(0, offset + present, offset + count);
}

/** The elements at ascending slots, without those beyond the row. */
export function pickSlots(row: StoredRow, kept: Uint32Array): StoredRow {
  let count = kept.length;
  while (count > 0 && kept[count - 1]! >= row.length) count--;
  const result = row instanceof Float32Array ? new Float32Array(count) : new Uint16Array(count);
  for (let i = 0; i < count; i++) result[i] = row[kept[i]!]!;
  return result;
}
