import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KVCache } from '../kv-cache.js';
import { randomTokens, runPasses, tokensHeld } from '../testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from '../testing/shapes.js';
import { everyKth } from './every-kth.js';

it('keeps the multiples of k, and nothing but those, where the budget is their number', async () => {
  const shape = shapeOf(1, 1, 1, 2);
  for (const [total, k] of [
    [32, 2],
    [64, 8],
    [128, 16],
  ] as const) {
    const cache = new KVCache(shape, { policy: everyKth({ budget: total / k }) });
    await runPasses(cache, randomTokens(shape, total, 1), [total / 2, total / 4, total / 4]);
    const multiples = Array.from({ length: total / k }, (_, i) => i * k);
    expect(tokensHeld(cache)).toEqual([[multiples]]);
  }
});

it('leaves no gap longer than twice the distance of equal steps, whatever the passes', async () => {
  const shape = shapeOf(1, 1, 1, 2);
  await fc.assert(
    fc.asyncProperty(passSizes, fc.integer({ min: 2, max: 12 }), async (counts, budget) => {
      const total = totalOf(counts);
      const cache = new KVCache(shape, { policy: everyKth({ budget }) });
      await runPasses(cache, randomTokens(shape, total, 1), counts);
      const held = tokensHeld(cache)[0]![0]!;
      expect(held).toHaveLength(Math.min(budget, total));
      const step = 2 ** Math.ceil(Math.log2(total / held.length));
      for (const [i, token] of held.entries()) {
        expect((held[i + 1] ?? total) - token).toBeLessThanOrEqual(Math.max(2, 2 * step));
      }
    }),
  );
});
