import { expect, it } from 'vitest';
import { median } from './median.js';

it('is the middle, or the mean of the middle two', () => {
  expect(median([3, 1, 20])).toBe(3);
  expect(median([5, 1, 2, 4])).toBe(3);
  expect(() => median([])).toThrow(/is empty/);
});
