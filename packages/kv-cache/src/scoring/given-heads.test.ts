import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KVCache } from '../kv-cache.js';
import { h2oScorer } from '../policies/h2o.js';
import { keyDiffScorer } from '../policies/key-diff.js';
import { l2NormScorer } from '../policies/l2-norm.js';
import { randomScorer } from '../policies/random.js';
import { sinkRecentScorer } from '../policies/sink-recent.js';
import { snapKVScorer } from '../policies/snap-kv.js';
import { tovaScorer } from '../policies/tova.js';
import { randomTokens, runPasses, tokensHeld } from '../testing/run-pass.js';
import { shapeOf } from '../testing/shapes.js';
import { givenHeads } from './given-heads.js';
import { scoredPolicy } from './scored-policy.js';

const shape = shapeOf(2, 2, 2, 4);
const scorers = [
  sinkRecentScorer(),
  randomScorer(3),
  l2NormScorer(),
  l2NormScorer('highest'),
  h2oScorer(),
  snapKVScorer({ window: 3 }),
  tovaScorer(),
  keyDiffScorer(),
];

describe('givenHeads', () => {
  it('keeps exactly the numbers that the schedule says, under every scorer', async () => {
    const count = fc.integer({ min: 1, max: 12 });
    const counts = fc.tuple(fc.tuple(count, count), fc.tuple(count, count));
    await fc.assert(
      fc.asyncProperty(counts, counts, fc.nat(), async (first, second, seed) => {
        const schedule = [
          { seen: 8, counts: first },
          { seen: 16, counts: second },
        ];
        const tokens = randomTokens(shape, 20, seed);
        for (const scorer of scorers) {
          const heads = givenHeads(schedule);
          const cache = new KVCache(shape, {
            policy: scoredPolicy({ scorer, heads, updateInterval: 8 }),
          });
          const held = () => tokensHeld(cache).map((layer) => layer.map(({ length }) => length));
          await runPasses(cache, tokens, [5]);
          expect(held(), scorer.name).toEqual([
            [5, 5],
            [5, 5],
          ]);
          await runPasses(cache, tokens, [3]);
          const after = first.map((layer) => layer.map((own) => Math.min(8, own)));
          expect(held(), scorer.name).toEqual(after);
          await runPasses(cache, tokens, [8]);
          const later = second.map((layer, l) =>
            layer.map((own, h) => Math.min(after[l]![h]! + 8, own)),
          );
          expect(held(), scorer.name).toEqual(later);
          await runPasses(cache, tokens, [4]); // the tail is never scored
          expect(held()).toEqual(later.map((layer) => layer.map((own) => own + 4)));
        }
      }),
      { numRuns: 10 },
    );
  });

  it('protects the rows that a head of that size would protect', async () => {
    const tokens = randomTokens(shape, 24, 1);
    const uneven = givenHeads([
      {
        seen: 0,
        counts: [
          [2, 12],
          [6, 6],
        ],
      },
    ]);
    const keptUnder = async (scorer: ReturnType<typeof h2oScorer>, heads = uneven) => {
      const cache = new KVCache(shape, { policy: scoredPolicy({ scorer, heads }) });
      await runPasses(cache, tokens, [24]);
      return tokensHeld(cache);
    };
    const kept = await keptUnder(h2oScorer()); // half of each head's own rows are its newest
    expect(kept[0]![0]!.at(-1)).toBe(23);
    expect(kept[0]![1]!.slice(-6)).toEqual([18, 19, 20, 21, 22, 23]);
    expect(await keptUnder(sinkRecentScorer())).toEqual([
      [
        [0, 23],
        [0, 1, 2, 3, 16, 17, 18, 19, 20, 21, 22, 23],
      ],
      [
        [0, 1, 2, 3, 22, 23],
        [0, 1, 2, 3, 22, 23],
      ],
    ]);
  });

  it('decides as a budget does when all heads get the same', async () => {
    const tokens = randomTokens(shape, 24, 2);
    for (const scorer of scorers) {
      const held = async (policy: ReturnType<typeof scoredPolicy>) => {
        const cache = new KVCache(shape, { policy });
        await runPasses(cache, tokens, [10, 6, 1, 7]);
        return tokensHeld(cache);
      };
      const heads = givenHeads([
        {
          seen: 0,
          counts: [
            [5, 5],
            [5, 5],
          ],
        },
      ]);
      const given = await held(scoredPolicy({ scorer, heads }));
      expect(given, scorer.name).toEqual(await held(scoredPolicy({ scorer, budget: 5 })));
    }
  });

  it.each([
    [[]],
    [[{ seen: -1, counts: [[1]] }]],
    [
      [
        { seen: 3, counts: [[1]] },
        { seen: 3, counts: [[1]] },
      ],
    ],
    [[{ seen: 3, counts: [[0]] }]],
    [[{ seen: 3, counts: [[1.5]] }]],
  ])('refuses %j', (schedule) => {
    expect(() => givenHeads(schedule)).toThrow(InvalidArgumentError);
  });
});

describe('scoredPolicy', () => {
  it('evicts at multiples of its interval only, and asks for passes that end there', async () => {
    const tokens = randomTokens(shape, 20, 4);
    const policy = scoredPolicy({ scorer: tovaScorer(), budget: 3, updateInterval: 8 });
    const cache = new KVCache(shape, { policy });
    await runPasses(cache, tokens, [4, 4]);
    expect(cache.length(0, 0)).toBe(3);
    await runPasses(cache, tokens, [5]);
    expect(cache.length(0, 0)).toBe(8);
    await expect(runPasses(cache, tokens, [4])).rejects.toThrow(InvalidArgumentError);
    expect(() => scoredPolicy({ scorer: tovaScorer(), budget: 3, updateInterval: 0 })).toThrow(
      InvalidArgumentError,
    );
    expect(() => scoredPolicy({ scorer: tovaScorer() })).toThrow(InvalidArgumentError);
  });
});
