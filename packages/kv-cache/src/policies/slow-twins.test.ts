import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EvictionPolicy } from '../contracts/eviction-policy.js';
import { KVCache } from '../kv-cache.js';
import { randomTokens, runPasses } from '../testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from '../testing/shapes.js';
import {
  attentionOf,
  type QueryAttention,
  type Scores,
  slowH2O,
  slowSnapKV,
  slowTova,
} from '../testing/slow-scores.js';
import { h2o } from './h2o.js';
import { observedAttention } from './observed-attention.js';
import { snapKV } from './snap-kv.js';
import { tova } from './tova.js';

const slots = 9;
const window = 4;

interface Twin {
  readonly policy: EvictionPolicy;
  /** Newest rows that stay in any case. */
  readonly protectedRows: number;
  score(
    held: number[],
    history: QueryAttention[],
    head: number,
    heads: number,
    seen: number,
  ): Scores;
}

const snapTwin = (pooling: 'average' | 'max'): Twin => ({
  policy: snapKV({ budget: slots, window, kernel: 3, pooling }),
  protectedRows: window,
  score: (held, history, head, heads) =>
    slowSnapKV(held.slice(0, -window), history, head, heads, { window, kernel: 3, pooling }),
});

const twins: [string, Twin][] = [
  ['h2o', { policy: h2o({ budget: slots, recentShare: 1 / 3 }), protectedRows: 3, score: slowH2O }],
  [
    'observed attention',
    {
      policy: observedAttention({ budget: slots }),
      protectedRows: 0,
      score: (held, history, head, heads, seen) => {
        const sums = slowH2O(held, history, head, heads);
        return new Map([...sums].map(([p, sum]) => [p, sum / (seen - p)]));
      },
    },
  ],
  ['tova', { policy: tova({ budget: slots }), protectedRows: 1, score: slowTova }],
  [
    'tova as published',
    { policy: tova({ budget: slots, protectLast: false }), protectedRows: 0, score: slowTova },
  ],
  ['snapkv, average', snapTwin('average')],
  ['snapkv, maximum', snapTwin('max')],
];

/** Compares what a head kept with the best of what it held, unless the decision is within rounding. */
function expectBest(kept: number[], held: number[], protectedRows: number, scores: Scores): void {
  expect(kept.length).toBe(Math.min(slots, held.length));
  if (held.length <= slots) return;
  const candidates = held.slice(0, held.length - protectedRows);
  for (const position of held.slice(held.length - protectedRows)) expect(kept).toContain(position);
  const lost = candidates.filter((position) => !kept.includes(position));
  const won = candidates.filter((position) => kept.includes(position));
  const worst = Math.min(...won.map((position) => scores.get(position)!));
  for (const position of lost) {
    expect(scores.get(position)).toBeLessThanOrEqual(worst * (1 + 1e-6) + 1e-12);
  }
}

describe('policies against slow twins', () => {
  it.each(twins)(
    '%s: any passes, with a window in one layer and rows evicted by hand in one head',
    async (_, { policy, protectedRows, score }) => {
      const shape = {
        model: 'toy',
        layers: [...shapeOf(1).layers, ...shapeOf(1, 2, 2, 4, 11).layers],
      };
      const arbitrary = fc.tuple(passSizes, fc.nat(), fc.uniqueArray(fc.nat(8)));
      await fc.assert(
        fc.asyncProperty(arbitrary, async ([counts, seed, gone]) => {
          const tokens = randomTokens(shape, totalOf(counts), seed);
          const cache = new KVCache(shape, { policy });
          const history: QueryAttention[][] = shape.layers.map(() => []);
          for (const [pass, count] of counts.entries()) {
            const before = shape.layers.map((_, layer) =>
              [0, 1].map((head) => [...cache.positions(layer, head)]),
            );
            for (const [layer, queries] of history.entries()) {
              queries.push(...attentionOf(cache, tokens[layer]!, layer, count));
            }
            await runPasses(cache, tokens, [count]);
            const fresh = Array.from({ length: count }, (_, i) => cache.seen - count + i);
            for (const [layer, heads] of before.entries()) {
              const size = shape.layers[layer]!.window ?? Infinity;
              for (const [head, old] of heads.entries()) {
                const held = [...old, ...fresh].filter((p) => p > cache.seen - size);
                const scores = score(held, history[layer]!, head, heads.length, cache.seen);
                expectBest([...cache.positions(layer, head)], held, protectedRows, scores);
              }
            }
            if (pass === 1) {
              // From here on the heads of the first layer hold different rows.
              const all = [...cache.positions(0, 0).keys()];
              const kept = Uint32Array.from(all.filter((slot) => !gone.includes(slot)));
              cache.keep([[kept, Uint32Array.from(cache.positions(0, 1).keys())], null]);
            }
          }
        }),
        { numRuns: 30 },
      );
    },
    60_000,
  );
});
