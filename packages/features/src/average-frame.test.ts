import { Random } from '@namm/core/portable';
import { expect, it } from 'vitest';
import { averageFrame } from './average-frame.js';
import { bins, windowSize } from './stft.js';

it('gives every slot what it has alone, however many there are', () => {
  const random = new Random(3);
  const slots = 300; // two tiles of 128, and a part of one
  const rowsOf = (count: number) =>
    Array.from({ length: count }, () =>
      Float32Array.from({ length: slots }, () => random.uniform()),
    );
  const [rows, spectrum] = [rowsOf(windowSize), rowsOf(bins)];
  const together = averageFrame(rows, spectrum, slots, 0.9, 'float32');
  for (const slot of [0, 127, 128, 254, 255, 256, 298, 299]) {
    const own = (all: Float32Array[]) => all.map((row) => row.subarray(slot, slot + 1));
    const alone = averageFrame(own(rows), own(spectrum), 1, 0.9, 'float32');
    expect(together.map((row) => row[slot])).toEqual(alone.map(([value]) => value));
  }
});
