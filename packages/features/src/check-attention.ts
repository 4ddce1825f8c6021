import type { FloatArray } from '@namm/core/portable';
import { InvalidAttentionError } from './attention-error.js';

/**
 * How far a row's sum may be from 1: the rounding of a softmax in bfloat16, whose numbers have 8 bits. A row without
 * mask or softmax is further away.
 */
const rowTolerance = 2 ** -8;

/**
 * @param attention `[rows, columns]`
 * @param hasSinks whether a part of each row may have gone to no token
 * @throws {InvalidAttentionError} unless every row is a distribution: none negative, sum 1, or at most 1
 */
export function checkAttention(attention: FloatArray, columns: number, hasSinks: boolean): void {
  for (let start = 0; start < attention.length; start += columns) {
    let sum = 0;
    for (let i = start; i < start + columns; i++) {
      const value = attention[i]!;
      if (!(value >= 0)) {
        const where = `row ${start / columns}, column ${i - start}`;
        throw new InvalidAttentionError(`${value} at ${where}; is it taken after the softmax?`);
      }
      sum += value;
    }
    if (!(sum <= 1 + rowTolerance && (hasSinks || sum >= 1 - rowTolerance))) {
      const wanted = hasSinks ? 'at most 1' : '1';
      const advice = 'is it taken after the softmax, and are all columns there?';
      throw new InvalidAttentionError(
        `row ${start / columns} sums to ${sum}, not to ${wanted}; ${advice}`,
      );
    }
  }
}
