import { expect, it } from 'vitest';
import { discard, newNumbers } from './discard.js';

it('frees a large array, and leaves a small one and a view of a larger one', () => {
  const large = new Float32Array(2 ** 14);
  const pages = newNumbers(2 ** 14);
  const small = new Float32Array(100);
  const view = new Float32Array(2 ** 15).subarray(2 ** 14);
  for (const numbers of [large, pages, small, view]) discard(numbers);
  expect(large.byteLength).toBe(0);
  expect(pages.byteLength).toBe(0);
  expect(small.byteLength).toBe(400);
  expect(view.byteLength).toBe(2 ** 16);
});

it('makes zeros, few or many', () => {
  for (const length of [0, 3, 2 ** 15]) {
    const numbers = newNumbers(length);
    expect(numbers).toHaveLength(length);
    expect(numbers.every((number) => number === 0)).toBe(true);
  }
});
