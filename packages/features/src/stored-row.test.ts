import { float16ToFloat32 } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { loadRow, pickSlots, storeRow } from './stored-row.js';

const exponentBits = 0x7c00;
const finite = Uint16Array.from({ length: 2 ** 16 }, (_, pattern) => pattern).filter(
  (pattern) => (pattern & exponentBits) !== exponentBits,
);

describe('loadRow', () => {
  it('widens every finite half-precision number exactly', () => {
    const target = new Float32Array(finite.length);
    loadRow(finite, 0, finite.length, target, 0);
    expect(target).toEqual(float16ToFloat32(finite));
  });

  it('gives zeros beyond the end of a row', () => {
    for (const storage of ['float16', 'float32'] as const) {
      const target = new Float32Array(6).fill(9);
      loadRow(storeRow(Float32Array.of(1, 2, 3), storage), 1, 4, target, 1);
      expect(target).toEqual(Float32Array.of(9, 2, 3, 0, 0, 9));
    }
  });
});

describe('pickSlots', () => {
  it('takes the kept elements of rows of different lengths, and copies', () => {
    const rows = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6), new Float32Array(0)];
    const picked = pickSlots(rows, Uint32Array.of(1, 3), 'float32');
    rows[0]!.fill(0);
    expect(picked).toEqual([Float32Array.of(2, 4), Float32Array.of(6), new Float32Array(0)]);
  });
});
