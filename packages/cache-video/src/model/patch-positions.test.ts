import { describe, expect, it } from 'vitest';
import { patchPositions } from './patch-positions.js';

/** Padding to the right and below of an image of so many patches. */
const padded = (edge: number, rows: number, columns: number) =>
  Array.from({ length: edge ** 2 }, (_, i) => Math.floor(i / edge) >= rows || i % edge >= columns);

describe('patchPositions', () => {
  it('numbers the patches of a whole image in order, for the edges of published towers', () => {
    for (const edge of [14, 16, 24, 26, 27, 32, 64]) {
      const all = Array.from({ length: edge ** 2 }, (_, i) => i);
      expect([...patchPositions(edge, padded(edge, edge, edge))]).toEqual(all);
    }
  });

  it('spreads what is left of an image over the whole table; padding has the first row', () => {
    expect([...patchPositions(4, padded(4, 2, 4))]).toEqual([
      ...[0, 1, 2, 3, 8, 9, 10, 11],
      ...[0, 0, 0, 0, 0, 0, 0, 0],
    ]);
    expect([...patchPositions(4, padded(4, 1, 3))].slice(0, 4)).toEqual([0, 1, 2, 0]);
    // As the reference computes it, in single precision: 26 patches, 7 of them left across.
    const [row] = [patchPositions(26, padded(26, 26, 7)).subarray(0, 7)];
    expect([...row!]).toEqual([0, 3, 7, 11, 14, 18, 22]);
  });
});
