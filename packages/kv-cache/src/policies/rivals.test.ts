import { Random } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KVCache } from '../kv-cache.js';
import { scoredPolicy } from '../scoring/scored-policy.js';
import { valueWeighted } from '../scoring/value-weighted.js';
import { randomTokens, runPasses, tokensHeld } from '../testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from '../testing/shapes.js';
import { attentionOf, type QueryAttention, slowH2O } from '../testing/slow-scores.js';
import { h2oScorer } from './h2o.js';
import { keyDiffScorer } from './key-diff.js';
import { protectedRandom } from './protected-random.js';

const shape = shapeOf();

describe('protectedRandom', () => {
  it('keeps the prompt and the highest draws, to the last slot', async () => {
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(99), fc.nat(12), async (counts, seed, prompt) => {
        const tokens = randomTokens(shape, totalOf(counts), seed);
        const cache = new KVCache(shape, { policy: protectedRandom({ budget: 9, seed, prompt }) });
        await runPasses(cache, tokens, counts);
        const wanted = [0, 1].map((layer) =>
          [0, 1].map((head) => {
            const draw = (token: number) =>
              token < prompt ? Infinity : new Random(seed, layer, head, token).uint32();
            return Array.from({ length: totalOf(counts) }, (_, token) => token)
              .sort((a, b) => (draw(a) === draw(b) ? a - b : draw(b) - draw(a)))
              .slice(0, 9)
              .sort((a, b) => a - b);
          }),
        );
        expect(tokensHeld(cache)).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses what is no prompt', () => {
    expect(() => protectedRandom({ budget: 9, seed: 1, prompt: -1 })).toThrow(/prompt/);
  });
});

describe('valueWeighted', () => {
  const policy = scoredPolicy({ scorer: valueWeighted(h2oScorer(0)), budget: 7 });

  it('keeps what received attention times the norm of its value, to the last slot', async () => {
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), async (counts, seed) => {
        const tokens = randomTokens(shape, totalOf(counts), seed);
        const cache = new KVCache(shape, { policy });
        const history: QueryAttention[][] = [[], []];
        for (const count of counts) {
          const held = tokensHeld(cache);
          for (const layer of [0, 1]) {
            history[layer]!.push(...attentionOf(cache, tokens[layer]!, layer, count));
          }
          const fresh = Array.from({ length: count }, (_, i) => cache.seen + i);
          await runPasses(cache, tokens, [count]);
          for (const layer of [0, 1]) {
            for (const head of [0, 1]) {
              const all = [...held[layer]![head]!, ...fresh];
              const sums = slowH2O(all, history[layer]!, head, 2);
              const weight = (token: number) => {
                const key = tokens[layer]!.keys[head]!.subarray(4 * token, 4 * token + 4);
                return sums.get(token)! * Math.hypot(...key); // values are the negated keys
              };
              const best = all.toSorted((a, b) => weight(b) - weight(a)).slice(0, 7);
              expect(tokensHeld(cache)[layer]![head]).toEqual(best.sort((a, b) => a - b));
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('counts its norms, and goes on from its state', async () => {
    const tokens = randomTokens(shape, 30, 1);
    const cache = new KVCache(shape, { policy });
    await runPasses(cache, tokens, [12]);
    expect(cache.memory().bytes.policy).toBe(4 * 7 * 16);
    const fork = cache.fork();
    await runPasses(cache, tokens, [9, 9]);
    await runPasses(fork, tokens, [9, 9]);
    expect(tokensHeld(fork)).toEqual(tokensHeld(cache));
    const scorer = valueWeighted(h2oScorer(0));
    const state = scorer.start(shape);
    expect(scorer.restore(shape, state.save()).save()).toEqual(state.save());
  });

  it('refuses scores below 0', async () => {
    const wrong = scoredPolicy({ scorer: valueWeighted(keyDiffScorer()), budget: 3 });
    const cache = new KVCache(shape, { policy: wrong });
    await expect(runPasses(cache, randomTokens(shape, 9, 1), [9])).rejects.toThrow(/below 0/);
  });
});
