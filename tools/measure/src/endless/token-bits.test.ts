import { expect, it } from 'vitest';
import { tokenBits } from './token-bits.js';

it('are −log2 of the softmax at each token, also for huge logits', () => {
  const logits = Float32Array.of(0, 0, 0, 0, Math.log(6), 0, 0, 0, 1e4, 1e4, -1e4, -1e4);
  const bits = tokenBits(logits, Int32Array.of(2, 0, 1));
  const expected = [2, Math.log2(9 / 6), 1];
  for (const [i, value] of bits.entries()) expect(value).toBeCloseTo(expected[i]!, 6);
});
