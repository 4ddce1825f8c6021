import { float16ToFloat32, Random, writeFloat16 } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { foldHalfRows, roundToHalves } from './half-rows.js';

const random = new Random(5);
/** Non-negative numbers of all sizes that half precision tells apart, and smaller ones. */
const ofAllSizes = (length: number) =>
  Float32Array.from({ length }, () => random.uniform() * 2 ** (-30 + 34 * random.uniform()));
const round = (values: Float32Array) => {
  const halves = new Uint16Array(values.length);
  writeFloat16(values, halves);
  return halves;
};

describe('roundToHalves', () => {
  it('rounds as the plain function does, ties and subnormal numbers too', () => {
    const finite = float16ToFloat32(Uint16Array.from({ length: 0x7c00 }, (_, pattern) => pattern));
    const bits = new Uint32Array(finite.buffer);
    const between = [0x0fff, 0x1000, 0x1001].flatMap((more) =>
      Array.from(new Float32Array(bits.map((pattern) => pattern + more).buffer)),
    );
    const values = Float32Array.from(
      [...finite, ...between, ...ofAllSizes(5000)].filter((value) => value < 65520),
    );
    expect(roundToHalves(values)).toEqual(round(values));
    expect(roundToHalves(Float32Array.of(0.1))).toEqual(round(Float32Array.of(0.1)));
    expect(roundToHalves(new Float32Array(0))).toHaveLength(0);
  });
});

describe('foldHalfRows', () => {
  const plain = (averages: Uint16Array[], spectrum: Float32Array, weight: number) => {
    const slots = spectrum.length / averages.length;
    const sums = spectrum.map((value, i) => {
      const row = float16ToFloat32(averages[Math.floor(i / slots)]!);
      return weight * (row[i % slots] ?? 0) + value;
    });
    return round(sums);
  };

  it.each([0, 1, 3, 4, 129, 130])('has the bits of the plain loop, %d old slots of 130', (old) => {
    const spectrum = ofAllSizes(3 * 130);
    const together = round(ofAllSizes(3 * old));
    const side = [0, 1, 2].map((row) => together.subarray(row * old, (row + 1) * old));
    const apart = side.map((row) => row.slice());
    for (const averages of [side, apart]) {
      const target = new Uint16Array(spectrum.length);
      expect(foldHalfRows(averages, spectrum, 0.85 ** 7, 16, target)).toBe(true);
      expect(target).toEqual(plain(averages, spectrum, 0.85 ** 7));
    }
  });

  it('reads every number of half precision as what it is', () => {
    const all = Uint16Array.from({ length: 0x7c00 }, (_, pattern) => pattern);
    const target = new Uint16Array(all.length);
    expect(foldHalfRows([all], new Float32Array(all.length), 1, 16, target)).toBe(true);
    expect(target.findIndex((half, i) => half !== all[i])).toBe(-1);
  });

  it.each([Number.NaN, -1e-9, 16.5, Infinity])('refuses %d anywhere', (wrong) => {
    for (const at of [0, 9, 10, 19]) {
      const spectrum = new Float32Array(20).fill(1);
      spectrum[at] = wrong;
      const target = new Uint16Array(20).fill(7);
      const averages = [new Uint16Array(8), new Uint16Array(8)];
      expect(foldHalfRows(averages, spectrum, 0.5, 16, target)).toBe(false);
      expect(target).toEqual(new Uint16Array(20).fill(7));
    }
  });
});
