import { InvalidArgumentError, Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { quantiseGroups } from './quantise-groups.js';

function quantised(numbers: Float32Array, bits: 4 | 8, groupSize = 32) {
  const codes = new Uint8Array(numbers.length);
  const scales = new Float32Array(numbers.length / groupSize);
  quantiseGroups(numbers, bits, groupSize, { codes, scales });
  const zero = 2 ** (bits - 1);
  const rounded = numbers.map((_, i) => scales[Math.floor(i / groupSize)]! * (codes[i]! - zero));
  return { codes, scales, rounded };
}

const normal = (count: number, seed: number) => {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.normal());
};

const squaredError = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);

describe('8 bits', () => {
  it('are off by half a step at most', () => {
    const numbers = normal(320, 1);
    const { rounded, scales } = quantised(numbers, 8);
    for (const [i, number] of numbers.entries()) {
      const step = scales[Math.floor(i / 32)]!;
      expect(Math.abs(number - rounded[i]!)).toBeLessThanOrEqual(0.5001 * step);
    }
  });
});

describe('4 bits', () => {
  it('leave less error than rounding by the largest number, on every group', () => {
    const numbers = normal(3200, 2);
    const { rounded } = quantised(numbers, 4);
    for (let start = 0; start < numbers.length; start += 32) {
      const group = numbers.subarray(start, start + 32);
      const extreme = group.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
      const scale = extreme / -8;
      const plain = group.map((x) => scale * Math.max(-8, Math.min(7, Math.round(x / scale))));
      const error = squaredError(group, rounded.subarray(start, start + 32));
      expect(error).toBeLessThanOrEqual(squaredError(group, plain) * 1.000001);
    }
  });

  it('hold what can be held exactly', () => {
    const numbers = Float32Array.from({ length: 32 }, (_, i) => 0.25 * ((i % 16) - 8));
    expect(quantised(numbers, 4).rounded).toEqual(numbers);
  });
});

it.each([4, 8] as const)(
  '%i bits: zeros stay, what is not finite spoils its group alone',
  (bits) => {
    const numbers = normal(96, 3);
    numbers.fill(0, 0, 32);
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      numbers[40] = bad;
      const { rounded, scales } = quantised(numbers, bits);
      expect(Number.isFinite(scales[1])).toBe(false);
      expect(rounded.subarray(0, 32).every((x) => x === 0)).toBe(true);
      expect(rounded.subarray(32, 64).some((x) => Number.isFinite(x) && x !== 0)).toBe(false);
      expect(rounded.subarray(64).every(Number.isFinite)).toBe(true);
    }
  },
);

it('refuses lengths that do not fit', () => {
  const out = { codes: new Uint8Array(32), scales: new Float32Array(2) };
  expect(() => quantiseGroups(normal(32, 4), 8, 32, out)).toThrow(InvalidArgumentError);
});
