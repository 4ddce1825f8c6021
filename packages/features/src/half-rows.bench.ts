import { float16ToFloat32, Random, writeFloat16 } from '@namm/core';
import { bench, describe } from 'vitest';
import { foldHalfRows, roundToHalves } from './half-rows.js';
import { bins } from './stft.js';

const slots = 4096;
const random = new Random(3);
const numbers = (length: number) => Float32Array.from({ length }, () => random.uniform());
const halves = (values: Float32Array) => {
  const target = new Uint16Array(values.length);
  writeFloat16(values, target);
  return target;
};

describe(`${slots} numbers to half precision`, () => {
  const values = numbers(slots);
  bench('kernel', () => {
    roundToHalves(values);
  });
  bench('plain', () => {
    halves(values);
  });
});

describe(`a frame of ${slots} slots into its moving averages`, () => {
  const averages = Array.from({ length: bins }, () => halves(numbers(slots)));
  const spectrum = numbers(bins * slots);
  const target = new Uint16Array(bins * slots);
  bench('kernel', () => {
    foldHalfRows(averages, spectrum, 0.85, 16, target);
  });
  bench('plain', () => {
    for (const [bin, average] of averages.entries()) {
      const row = float16ToFloat32(average);
      const sums = row.map((value, slot) => 0.85 * value + spectrum[bin * slots + slot]!);
      writeFloat16(sums, target.subarray(bin * slots, (bin + 1) * slots));
    }
  });
});
