import { float32ToFloat16 } from '@namm/core/portable';

/** How numbers are kept between passes. */
export type Storage = 'float16' | 'float32';

/** Numbers as they are kept: half-precision bit patterns, or single precision. */
export type StoredRow = Uint16Array | Float32Array;

/** Rounds numbers to a storage type. Always a copy. */
export function storeRow(values: Float32Array, storage: Storage): StoredRow {
  return storage === 'float16' ? float32ToFloat16(values) : values.slice();
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

/** The elements at ascending slots, without those beyond the row. */
export function pickSlots(row: StoredRow, kept: Uint32Array): StoredRow {
  let count = kept.length;
  while (count > 0 && kept[count - 1]! >= row.length) count--;
  const result = row instanceof Float32Array ? new Float32Array(count) : new Uint16Array(count);
  for (let i = 0; i < count; i++) result[i] = row[kept[i]!]!;
  return result;
}
