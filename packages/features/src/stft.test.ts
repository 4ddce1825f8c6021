import { Random } from '@namm/core';
import { expect, it } from 'vitest';
import { frameMagnitudes, spectrumKernel } from './stft.js';
import { slowSpectrum } from './testing/slow-spectrogram.js';

const random = new Random(2);
const stride = 5;
const count = 3;
const frame = Float32Array.from({ length: 32 * stride }, () => random.normal());
const column = (slot: number) => Array.from({ length: 32 }, (_, n) => frame[n * stride + slot]!);

it('transforms columns as the definition does', () => {
  const magnitudes = new Float64Array(17 * stride).fill(-1);
  frameMagnitudes(frame, stride, count, magnitudes);
  for (let slot = 0; slot < count; slot++) {
    // The second frame of a sequence covers its first 32 queries; with a decay of almost 0 it is all there is.
    const expected = slowSpectrum({ born: 16, column: column(slot) }, 32, 1e-9);
    for (const [k, value] of expected.entries()) {
      expect(Math.abs(magnitudes[k * stride + slot]! - value)).toBeLessThan(1e-12);
    }
  }
  const untouched = magnitudes.filter((_, i) => i % stride >= count);
  expect(untouched.every((value) => value === -1)).toBe(true);
});

it('is what the convolution kernel gives', () => {
  const magnitudes = new Float64Array(17 * stride);
  frameMagnitudes(frame, stride, count, magnitudes);
  const kernel = spectrumKernel();
  const dot = (row: number) =>
    column(1).reduce((sum, value, n) => sum + value * kernel[row * 32 + n]!, 0);
  for (let k = 0; k < 17; k++) {
    const magnitude = Math.hypot(dot(k), dot(17 + k));
    expect(Math.abs(magnitudes[k * stride + 1]! - magnitude)).toBeLessThan(1e-6);
  }
  expect(kernel.subarray(17 * 32, 18 * 32).every((value) => value === 0)).toBe(true); // no imaginary part
});
