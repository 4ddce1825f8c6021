import { describe, expect, it } from 'vitest';
import { KVCache } from './kv-cache.js';
import { full } from './policies/full.js';
import { h2o } from './policies/h2o.js';
import { l2Norm } from './policies/l2-norm.js';
import { snapKV } from './policies/snap-kv.js';
import { randomTokens, runPasses, tokensHeld } from './testing/run-pass.js';
import { shapeOf } from './testing/shapes.js';

const window = 16;
const shape = {
  model: 'toy',
  layers: [...shapeOf(1).layers, ...shapeOf(1, 2, 2, 4, window).layers],
};
const tokens = randomTokens(shape, 80, 3);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('rows outside of a sliding window', () => {
  it('go exactly when no later query can see them, under a policy that evicts', async () => {
    const cache = new KVCache(shape, { policy: l2Norm({ budget: 1000 }) });
    for (const count of [10, 20, 1, 1, 7]) {
      await runPasses(cache, tokens, [count]);
      const { seen } = cache;
      // The next query, at position `seen`, sees positions above seen − window.
      const visible = range(Math.max(0, seen - window + 1), seen);
      expect(tokensHeld(cache)).toEqual([
        [range(0, seen), range(0, seen)],
        [visible, visible],
      ]);
    }
  });

  it('go in batches of an eighth of the window under the full policy', async () => {
    const cache = new KVCache(shape, { policy: full() });
    const lengths: number[] = [];
    await runPasses(cache, tokens, [40]);
    for (let i = 0; i < 6; i++) {
      lengths.push(cache.length(1, 0));
      await runPasses(cache, tokens, [1]);
      // Nothing that the next query sees is ever missing.
      expect(cache.positions(1, 1)[0]).toBeLessThanOrEqual(cache.seen - window + 1);
    }
    expect(lengths).toEqual([15, 16, 15, 16, 15, 16]);
    expect(cache.length(0, 0)).toBe(46);
  });

  it.each([
    [true, 42],
    [false, 15],
  ])('stay if asked for (%s), in forks too', async (keepOutsideWindow, length) => {
    const cache = new KVCache(shape, { keepOutsideWindow });
    await runPasses(cache, tokens, [40, 1]);
    const fork = cache.fork();
    for (const either of [cache, fork]) {
      await runPasses(either, tokens, [1]);
      expect(either.length(0, 0)).toBe(42);
      expect(either.length(1, 1)).toBe(length);
    }
  });

  it('take their policy state along', async () => {
    // Without a window the same tokens give other attention, so only the alignment is compared: state
    // bytes follow the rows, and the budget counts visible rows only.
    for (const policy of [h2o({ budget: 12 }), snapKV({ budget: 12, window: 4 })]) {
      const cache = new KVCache(shape, { policy });
      await runPasses(cache, tokens, [30, 5, 1, 1]);
      const { keptPerHead, rows, bytes } = cache.memory();
      expect(keptPerHead).toEqual([
        [12, 12],
        [12, 12],
      ]);
      expect(bytes.policy).toBe(rows * (policy.name === 'h2o' ? 8 : 16));
      for (const position of cache.positions(1, 0)) {
        expect(position).toBeGreaterThan(cache.seen - window);
      }
    }
  });
});
