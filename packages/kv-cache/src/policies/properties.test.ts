import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import { createPolicy, policyNames } from '../create-policy.js';
import { KVCache } from '../kv-cache.js';
import { type LayerTokens, randomTokens, runPasses, tokensHeld } from '../testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from '../testing/shapes.js';
import { adaKV } from './ada-kv.js';
import { h2o } from './h2o.js';
import { keyDiff } from './key-diff.js';
import { l2Norm, l2NormScorer } from './l2-norm.js';
import { pyramidKV } from './pyramid-kv.js';
import { random } from './random.js';
import { sinkRecent } from './sink-recent.js';
import { snapKV } from './snap-kv.js';
import { tova } from './tova.js';

const shape = shapeOf(2, 2, 2, 4);

async function kept(
  policy: EvictionPolicy,
  tokens: LayerTokens[],
  counts: readonly number[],
  of = shape,
): Promise<number[][][]> {
  const cache = new KVCache(of, { policy });
  await runPasses(cache, tokens, counts);
  return tokensHeld(cache);
}

const newest = (count: number, seen: number) =>
  Array.from({ length: Math.min(count, seen) }, (_, i) => Math.max(0, seen - count) + i);

describe('every policy', () => {
  it('keeps rows in order, and the keys that belong to the positions', async () => {
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), async (counts, seed) => {
        const tokens = randomTokens(shape, totalOf(counts), seed);
        for (const name of policyNames) {
          const cache = new KVCache(shape, { policy: createPolicy(name, { budget: 6 }) });
          await runPasses(cache, tokens, counts);
          for (const [layer, heads] of tokensHeld(cache).entries()) {
            for (const [head, positions] of heads.entries()) {
              expect(positions, name).toEqual([...new Set(positions)].sort((a, b) => a - b));
              const all = tokens[layer]!.keys[head]!;
              const own = positions.flatMap((p) => [...all.subarray(4 * p, 4 * p + 4)]);
              expect([...cache.keys(layer, head)]).toEqual(own);
            }
          }
        }
      }),
      { numRuns: 10 },
    );
  });

  it('does to exchanged heads what it did to the heads, unless heads are drawn by number', async () => {
    const tokens = randomTokens(shape, 40, 9);
    const exchanged = tokens.map(({ queries: [a, b, c, d], keys: [e, f] }) => ({
      queries: [c!, d!, a!, b!],
      keys: [f!, e!],
    }));
    for (const name of policyNames.filter((name) => name !== 'random')) {
      const policy = createPolicy(name, { budget: name.includes('kv') ? 36 : 10 });
      const straight = await kept(policy, tokens, [30, 8, 1, 1]);
      const crossed = await kept(policy, exchanged, [30, 8, 1, 1]);
      expect(crossed, name).toEqual(straight.map(([a, b]) => [b, a]));
    }
  });

  it('serves several caches at once', async () => {
    const tokens = [1, 2].map((seed) => randomTokens(shape, 20, seed));
    for (const name of policyNames) {
      const policy = createPolicy(name, { budget: 6 });
      const caches = tokens.map(() => new KVCache(shape, { policy }));
      for (const count of [8, 5, 1]) {
        for (const [i, cache] of caches.entries()) await runPasses(cache, tokens[i]!, [count]);
      }
      for (const [i, cache] of caches.entries()) {
        expect(tokensHeld(cache), name).toEqual(await kept(policy, tokens[i]!, [8, 5, 1]));
      }
    }
  });
});

describe('random', () => {
  it('keeps the same rows whatever the passes were', async () => {
    await fc.assert(
      fc.asyncProperty(
        passSizes,
        fc.nat(),
        fc.integer({ min: 1, max: 12 }),
        async (counts, seed, budget) => {
          const total = totalOf(counts);
          const tokens = randomTokens(shape, total, 1);
          const policy = random({ budget, seed });
          expect(await kept(policy, tokens, counts)).toEqual(await kept(policy, tokens, [total]));
        },
      ),
    );
  });

  it('draws layers, heads and seeds independently, and evenly over the text', async () => {
    const tokens = randomTokens(shape, 400, 1);
    const sets = (await kept(random({ budget: 100, seed: 7 }), tokens, [400])).flat();
    sets.push((await kept(random({ budget: 100, seed: 8 }), tokens, [400]))[0]![0]!);
    for (const [i, set] of sets.entries()) {
      const early = set.filter((position) => position < 200).length;
      expect(Math.abs(early - 50)).toBeLessThan(5 * 4.4); // five standard deviations
      for (const other of sets.slice(i + 1)) {
        const both = set.filter((position) => other.includes(position)).length;
        expect(Math.abs(both - 25)).toBeLessThan(5 * 3.8);
      }
    }
  });

  it('keeps drawing what it always drew', async () => {
    const tokens = randomTokens(shape, 12, 1);
    expect(await kept(random({ budget: 4, seed: 7 }), tokens, [12])).toEqual([
      [
        [0, 1, 7, 10],
        [1, 3, 8, 10],
      ],
      [
        [2, 3, 6, 9],
        [6, 7, 8, 11],
      ],
    ]);
  });
});

describe('sinkRecent', () => {
  it.each([
    [6, 2, [0, 1, 16, 17, 18, 19]],
    [6, 0, newest(6, 20)],
    [3, 4, [0, 1, 19]],
    [1, 4, [19]],
  ])('with %i slots and %i sinks keeps %j', async (budget, sinks, expected) => {
    const tokens = randomTokens(shape, 20, 1);
    const sets = await kept(sinkRecent({ budget, sinks }), tokens, [9, 9, 1, 1]);
    for (const positions of sets.flat()) expect(positions).toEqual(expected);
  });

  it('does not promote other rows to sinks when a window has dropped the sinks', async () => {
    const windowed = shapeOf(1, 1, 1, 4, 10);
    const tokens = randomTokens(windowed, 30, 1);
    expect(await kept(sinkRecent({ budget: 6 }), tokens, [25, 5], windowed)).toEqual([
      [newest(6, 30)],
    ]);
  });
});

describe('l2Norm', () => {
  it('keeps complementary rows with both signs', async () => {
    const tokens = randomTokens(shape, 20, 3);
    const low = (await kept(l2Norm({ budget: 8 }), tokens, [20])).flat();
    const high = (await kept(l2Norm({ budget: 12, keep: 'highest' }), tokens, [20])).flat();
    for (const [i, set] of low.entries()) {
      expect([...set, ...high[i]!].sort((a, b) => a - b)).toEqual(newest(20, 20));
    }
  });

  it('refuses keys that are not numbers, naming policy, layer and head', async () => {
    const tokens = randomTokens(shape, 20, 3);
    tokens[1]!.keys[0]![17] = Number.NaN;
    const cache = new KVCache(shape, { policy: l2Norm({ budget: 8 }) });
    const update = runPasses(cache, tokens, [20]);
    await expect(update).rejects.toThrow(/'l2' \(layer 1, head 0\): a score is not a number/);
    expect(cache.memory().rows).toBe(80); // nothing is evicted
  });
});

describe('keyDiff', () => {
  it('takes keys without a length for neither like nor unlike', async () => {
    const tokens = randomTokens(shape, 20, 3);
    tokens[0]!.keys[0]!.fill(0);
    const sets = await kept(keyDiff({ budget: 8 }), tokens, [20]);
    expect(sets[0]![0]).toEqual(newest(8, 8)); // all alike: lowest first
  });
});

describe('h2o', () => {
  it('with nothing but recent rows is recency', async () => {
    await fc.assert(
      fc.asyncProperty(passSizes, async (counts) => {
        const tokens = randomTokens(shape, totalOf(counts), 1);
        const sets = await kept(h2o({ budget: 7, recentShare: 1 }), tokens, counts);
        for (const positions of sets.flat()) expect(positions).toEqual(newest(7, totalOf(counts)));
      }),
      { numRuns: 20 },
    );
  });
});

describe('snapKV', () => {
  it('with one query, no pooling and one head per layer is TOVA', async () => {
    const single = shapeOf(2, 1, 3, 4);
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), async (counts, seed) => {
        const tokens = randomTokens(single, totalOf(counts), seed);
        const snap = snapKV({ budget: 6, window: 1, kernel: 1, pooling: 'max' });
        expect(await kept(snap, tokens, counts, single)).toEqual(
          await kept(tova({ budget: 6 }), tokens, counts, single),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('carries the attention of the last queries across passes', async () => {
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), async (counts, seed) => {
        const total = totalOf(counts);
        fc.pre(total > 8);
        const tokens = randomTokens(shape, total, seed);
        // Only the last pass evicts, so that all see the same attention.
        const policy = () =>
          snapKV({ budget: { kind: 'share', share: 1 - 1 / total }, window: 6, kernel: 3 });
        const cache = new KVCache(shape, { policy: policy() });
        await runPasses(cache, tokens, [total]);
        const last = new KVCache(shape, {
          policy: snapKV({ budget: total - 1, window: 6, kernel: 3 }),
        });
        await runPasses(last, tokens, counts);
        expect(tokensHeld(last)).toEqual(tokensHeld(cache));
      }),
      { numRuns: 30 },
    );
  });

  it.each([1, 3, 5])(
    'keeps the newest rows when %i slots are no more than the window',
    async (budget) => {
      const tokens = randomTokens(shape, 20, 1);
      for (const make of [snapKV, pyramidKV]) {
        const sets = await kept(make({ budget, window: 5 }), tokens, [12, 7, 1]);
        for (const positions of sets.flat()) expect(positions).toEqual(newest(budget, 20));
      }
    },
  );
});

describe('tova', () => {
  it('keeps the same tokens in every head of a layer', async () => {
    const tokens = randomTokens(shape, 30, 1);
    const [first, second] = await kept(tova({ budget: 7 }), tokens, [20, 8, 1, 1]);
    expect(first![0]).toEqual(first![1]);
    expect(second![0]).toEqual(second![1]);
    expect(first).not.toEqual(second);
  });
});

describe('adaKV', () => {
  const tokens = randomTokens(shape, 60, 2);
  tokens[0]!.keys[1]!.forEach((number, i, key) => {
    key[i] = 3 * number; // long keys lose
  });
  const policy = (rule: 'kvpress' | 'original') =>
    adaKV({ budget: 10, scorer: l2NormScorer(), safeguard: 0.3, rule });

  // Of the best 20 rows one is in the second head: at least 3 for it, or 0.7 · 1 + 0.3 · 10 rounded.
  it.each([
    ['kvpress', [17, 3]],
    ['original', [16, 4]],
  ] as const)(
    'lets heads compete for the slots of their layer, with a minimum for each (%s)',
    async (rule, lengths) => {
      const [first, second] = await kept(policy(rule), tokens, [60]);
      expect(first!.map((head) => head.length)).toEqual(lengths);
      expect(second!.flat().length).toBe(20);
    },
  );

  it('decides the same when it decides again and again', async () => {
    const [first] = await kept(policy('kvpress'), tokens, [20, 20, 18, 1, 1]);
    expect(first!.map((head) => head.length)).toEqual([17, 3]);
  });
});

describe('pyramidKV', () => {
  it('keeps more in the first layers than in the last', async () => {
    const deep = shapeOf(4, 1, 1, 4);
    const tokens = randomTokens(deep, 60, 2);
    const sets = await kept(pyramidKV({ budget: 16, window: 2, beta: 4 }), tokens, [60], deep);
    expect(sets.map(([head]) => head!.length)).toEqual([28, 20, 12, 4]);
  });
});

describe('options', () => {
  it.each([
    ['sinks', () => sinkRecent({ budget: 5, sinks: -1 })],
    ['seed', () => random({ budget: 5, seed: 1.5 })],
    ['recentShare', () => h2o({ budget: 5, recentShare: 1.1 })],
    ['keep', () => l2Norm({ budget: 5, keep: 'most' as 'lowest' })],
    ['window', () => snapKV({ budget: 5, window: 0 })],
    ['kernel', () => snapKV({ budget: 5, kernel: 4 })],
    ['pooling', () => snapKV({ budget: 5, pooling: 'min' as 'max' })],
    ['safeguard', () => adaKV({ budget: 5, safeguard: Number.NaN })],
    ['rule', () => adaKV({ budget: 5, rule: 'other' as 'kvpress' })],
    ['beta', () => pyramidKV({ budget: 5, beta: 0 })],
    ['rule', () => pyramidKV({ budget: 5, rule: 'other' as 'kvpress' })],
    ['budget', () => tova({ budget: 0 })],
  ])('a bad %s is refused by name', (option, make) => {
    expect(make).toThrow(InvalidArgumentError);
    expect(make).toThrow(new RegExp(`^${option}\\b`));
  });
});
