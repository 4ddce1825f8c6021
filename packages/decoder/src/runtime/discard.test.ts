import { expect, it } from 'vitest';
import { discard } from './discard.js';

it('frees a large array, and leaves a small one and a view of a larger one', () => {
  const large = new Float32Array(2 ** 14);
  const small = new Float32Array(100);
  const view = new Float32Array(2 ** 15).subarray(2 ** 14);
  for (const numbers of [large, small, view]) discard(numbers);
  expect(large.byteLength).toBe(0);
  expect(small.byteLength).toBe(400);
  expect(view.byteLength).toBe(2 ** 16);
});
