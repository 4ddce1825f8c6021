import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float16ToFloat32, float32ToFloat16, toFloat16 } from './float16.js';

const allPatterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The definition of the format, written out. */
function slowValue(pattern: number): number {
  const sign = pattern >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(pattern / 1024) % 32;
  const fraction = (pattern % 1024) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -14;
  return sign * (1 + fraction) * 2 ** (exponent - 15);
}

describe('float16', () => {
  it('widens all 65,536 patterns as the format defines them', () => {
    const widened = float16ToFloat32(allPatterns);
    for (const pattern of allPatterns) {
      if (!Object.is(widened[pattern], slowValue(pattern))) {
        expect.fail(`pattern ${pattern}: ${widened[pattern]}, not ${slowValue(pattern)}`);
      }
    }
  });

  it('narrows every widened pattern to itself, NaN to NaN', () => {
    const narrowed = float32ToFloat16(float16ToFloat32(allPatterns));
    const differing = allPatterns.filter((p) => narrowed[p] !== p && !Number.isNaN(slowValue(p)));
    expect(differing).toHaveLength(0);
    expect(slowValue(toFloat16(Number.NaN))).toBeNaN();
  });

  it('narrows to a nearest value, to the even one of two', () => {
    const finite = Array.from(allPatterns.filter((p) => p < 0x7c00)); // ascending in value
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: finite.length - 2 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (i, t) => {
          const lower = slowValue(i);
          const upper = slowValue(i + 1);
          const value = lower + (upper - lower) * t;
          const middle = (lower + upper) / 2;
          const even = i % 2 === 0 ? i : i + 1;
          const expected = value === middle ? even : value < middle ? i : i + 1;
          return toFloat16(value) === expected && toFloat16(-value) === (expected | 0x8000);
        },
      ),
    );
    expect(toFloat16((slowValue(100) + slowValue(101)) / 2)).toBe(100);
    expect(toFloat16((slowValue(0x4001) + slowValue(0x4002)) / 2)).toBe(0x4002);
  });

  it('narrows single precision as it narrows any number', () => {
    // Every sign and exponent, with fractions around the ties and the carries.
    const fractions = [0, 1, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x3001, 0x7f_efff, 0x7f_f000];
    const patterns = Array.from({ length: 512 }, (_, top) => top * 0x80_0000).flatMap((top) =>
      [...fractions, 0x7f_ffff, 0x2a_aaaa].map((fraction) => top + fraction),
    );
    const values = new Float32Array(Uint32Array.from(patterns).buffer);
    const narrowed = float32ToFloat16(values);
    for (const [i, value] of values.entries()) {
      if (narrowed[i] !== toFloat16(value)) expect.fail(`${value}: ${narrowed[i]}`);
    }
  });

  it('overflows to infinity where the next step would be nearer', () => {
    expect(toFloat16(65519.99)).toBe(0x7bff);
    expect(toFloat16(65520)).toBe(0x7c00);
    expect(toFloat16(-Infinity)).toBe(0xfc00);
    expect(toFloat16(1 / 3).toString(16)).toBe('3555');
  });
});
