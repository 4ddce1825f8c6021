import { toFloat16 } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KVCache } from './kv-cache.js';
import { h2o } from './policies/h2o.js';
import { cacheDtypes, readStored, rowBytes, storedFrom, storeRows } from './stored-rows.js';
import { randomTokens, runPasses } from './testing/run-pass.js';
import { shapeOf } from './testing/shapes.js';

const size = 8;
const anyRows = fc
  .array(
    fc.array(fc.float({ noNaN: true, min: -60_000, max: 60_000 }), {
      minLength: size,
      maxLength: size,
    }),
  )
  .map((rows) => Float32Array.from(rows.flat()));

describe('stored rows', () => {
  it('in int8 are the nearest of 255 multiples of a scale, which makes the largest number 127', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const { numbers, scales } = storeRows('int8', rows, size);
        for (const [row, scale] of scales.entries()) {
          const given = [...rows.subarray(row * size, (row + 1) * size)];
          const largest = Math.max(...given.map(Math.abs));
          expect(scale).toBe(Math.fround(largest / 127));
          for (const [i, number] of given.entries()) {
            const held = numbers[row * size + i]!;
            expect(Math.abs(held)).toBeLessThanOrEqual(127);
            // A scale that is not a normal number has few digits itself.
            if (scale < 1e-37) continue;
            expect(Math.abs(held - number / scale)).toBeLessThanOrEqual(0.5 + 1e-4);
          }
          if (scale >= 1e-37)
            expect(Math.max(...numbers.subarray(row * size, (row + 1) * size).map(Math.abs))).toBe(
              127,
            );
        }
      }),
    );
  });

  it('in fp16 are rounded number by number', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const { numbers } = storeRows('fp16', rows, size);
        expect([...numbers]).toEqual([...rows].map(toFloat16));
      }),
    );
  });

  it('in fp32 are the array itself, both ways', () => {
    const rows = new Float32Array(2 * size).fill(0.1);
    expect(readStored(storeRows('fp32', rows, size), size)).toBe(rows);
  });

  it.each(cacheDtypes)('in %s do not change when they are stored again', (dtype) => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const once = readStored(storeRows(dtype, rows, size), size);
        const again = readStored(storeRows(dtype, once, size), size);
        for (const [i, number] of once.entries()) {
          expect(again[i]!).toBeCloseTo(number, -Math.log10(Math.abs(number) * 1e-6 + 1e-40));
        }
      }),
    );
  });

  it('are cut by rows', () => {
    const rows = Float32Array.from({ length: 3 * size }, (_, i) => i - 7);
    for (const dtype of cacheDtypes) {
      const stored = storeRows(dtype, rows, size);
      const all = readStored(stored, size);
      expect(readStored(storedFrom(stored, size, 1, 2), size)).toEqual(all.slice(size, 2 * size));
      expect(readStored(storedFrom(stored, size, 2), size)).toEqual(all.slice(2 * size));
    }
  });

  it('are refused where they would become infinite or nothing', () => {
    expect(() => storeRows('fp16', new Float32Array(size).fill(70_000), size)).toThrow(
      /70000, which is beyond fp16/,
    );
    for (const dtype of ['fp16', 'int8'] as const) {
      for (const wrong of [Number.NaN, -Infinity]) {
        const rows = new Float32Array(size).fill(wrong);
        expect(() => storeRows(dtype, rows, size)).toThrow(/not finite/);
      }
    }
  });
});

describe('a cache in few bits', () => {
  const shape = shapeOf(2, 2, 2, 64);

  it.each([
    ['fp16', 0.55],
    ['int8', 0.3],
  ] as const)(
    'in %s takes at most %d of the bytes, and a budget in bytes pays for as many more rows',
    async (dtype, share) => {
      const policy = h2o({ budget: '64KiB' });
      const tokens = randomTokens(shape, 300, 1);
      const caches = [];
      for (const own of [shape, { ...shape, dtype }]) {
        const cache = new KVCache(own, { policy });
        await runPasses(cache, tokens, [100, 100, 100]);
        caches.push(cache.memory());
      }
      const [wide, few] = caches as [(typeof caches)[0], (typeof caches)[0]];
      const perRow = ({ bytes, rows }: typeof wide) => (bytes.used + bytes.positions) / rows;
      expect(perRow(few)).toBeLessThanOrEqual(share * perRow(wide));
      expect(perRow(few)).toBe(rowBytes({ ...shape, dtype }, shape.layers[0]!));
      expect(few.bytes.used + few.bytes.positions + few.bytes.policy).toBeLessThanOrEqual(65536);
      expect(few.rows).toBeGreaterThan(wide.rows / (share * 1.2));
      expect(few.bytes.allocated).toBeLessThanOrEqual(
        1.25 * (few.bytes.used + few.bytes.positions),
      );
    },
  );

  it('refuses an unknown dtype', () => {
    expect(() => new KVCache({ ...shape, dtype: 'int4' as 'int8' })).toThrow(/shape.dtype/);
  });
});
