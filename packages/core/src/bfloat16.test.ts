import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float32ToBfloat16 } from './bfloat16.js';

const allPatterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The definition of the format, written out. */
function slowValue(pattern: number): number {
  const sign = pattern >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(pattern / 128) % 256;
  const fraction = (pattern % 128) / 128;
  if (exponent === 255) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -126;
  return sign * (1 + fraction) * 2 ** (exponent - 127);
}

describe('bfloat16', () => {
  it('widens all 65,536 patterns as the format defines them', () => {
    const widened = bfloat16ToFloat32(allPatterns);
    for (const pattern of allPatterns) {
      if (!Object.is(widened[pattern], slowValue(pattern))) {
        expect.fail(`pattern ${pattern}: ${widened[pattern]}, not ${slowValue(pattern)}`);
      }
    }
  });

  it('narrows every widened pattern to itself, NaN to NaN', () => {
    const narrowed = float32ToBfloat16(bfloat16ToFloat32(allPatterns));
    const differing = allPatterns.filter((p) => narrowed[p] !== p && !Number.isNaN(slowValue(p)));
    expect(differing).toHaveLength(0);
    const quiet = float32ToBfloat16(Float32Array.of(Number.NaN));
    expect(slowValue(quiet[0]!)).toBeNaN();
  });

  it('rounds to nearest, ties to even, and overflows to infinity', () => {
    const bits = Uint32Array.of(0x3f80_7fff, 0x3f80_8000, 0x3f81_8000, 0x3f80_8001, 0x7f7f_ffff);
    const narrowed = float32ToBfloat16(new Float32Array(bits.buffer));
    expect([...narrowed]).toEqual([0x3f80, 0x3f80, 0x3f82, 0x3f81, 0x7f80]);
  });

  it('reads a view that does not begin at the start of its buffer', () => {
    const values = Float32Array.of(9, 1, -2).subarray(1);
    expect([...float32ToBfloat16(values)]).toEqual([0x3f80, 0xc000]);
  });
});
