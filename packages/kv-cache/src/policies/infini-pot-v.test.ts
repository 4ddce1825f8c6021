import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KVCache } from '../kv-cache.js';
import { type LayerTokens, randomTokens, runPasses, tokensHeld } from '../testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from '../testing/shapes.js';
import { infiniPotV } from './infini-pot-v.js';

const shape = shapeOf();
const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

/** What a head keeps of the tokens that it held, by the definition. */
function slowChoice(
  { keys }: LayerTokens,
  head: number,
  held: readonly number[],
  slots: number,
  frame: number,
): number[] {
  if (held.length <= slots) return [...held];
  const { headSize } = shape.layers[0]!;
  const key = (token: number) => [
    ...keys[head]!.subarray(token * headSize, (token + 1) * headSize),
  ];
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const norm = (a: number[]) => Math.sqrt(dot(a, a));
  const recent = held.slice(held.length - Math.round(slots / 4));
  const past = held.filter((token) => !recent.includes(token));
  const redundancy = (token: number) => {
    const same = recent.filter((other) => (other - token) % frame === 0);
    if (same.length === 0) return 0;
    return mean(
      same.map((other) => dot(key(token), key(other)) / norm(key(token)) / norm(key(other))),
    );
  };
  const kept = new Set([...recent, ...past.filter((token) => token < 1)]);
  const fresh = past.filter((token) => token >= 1);
  const byDifference = [...fresh].sort((a, b) => redundancy(a) - redundancy(b) || a - b);
  const different = byDifference.slice(0, Math.round(slots / 2) - recent.length);
  const rest = fresh.filter((token) => !different.includes(token));
  // The values of the tests are the negated keys.
  const byLength = rest.sort((a, b) => norm(key(b)) - norm(key(a)));
  for (const token of [...different, ...byLength]) if (kept.size < slots) kept.add(token);
  return [...kept].sort((a, b) => a - b);
}

it('keeps what its definition says, to the last row', async () => {
  const arbitrary = fc.tuple(passSizes, fc.nat(), fc.integer({ min: 1, max: 5 }));
  await fc.assert(
    fc.asyncProperty(arbitrary, async ([counts, seed, tokensPerFrame]) => {
      const slots = 8;
      const tokens = randomTokens(shape, totalOf(counts), seed);
      const policy = infiniPotV({ budget: slots, tokensPerFrame });
      const cache = new KVCache(shape, { policy });
      for (const count of counts) {
        const before = tokensHeld(cache);
        await runPasses(cache, tokens, [count]);
        const fresh = Array.from({ length: count }, (_, i) => cache.seen - count + i);
        for (const [layer, heads] of tokensHeld(cache).entries()) {
          for (const [head, held] of heads.entries()) {
            const all = [...(before[layer]?.[head] ?? []), ...fresh];
            expect(held).toEqual(slowChoice(tokens[layer]!, head, all, slots, tokensPerFrame));
          }
        }
      }
    }),
    { numRuns: 40 },
  );
});

it('forgets a still passage before what happened once', async () => {
  // Two rows a frame; the second row of frame 3 looks like no other.
  const { headSize } = shape.layers[0]!;
  const frames = 12;
  const layer = (): LayerTokens => {
    const keys = new Float32Array((1 + 2 * frames) * headSize).fill(0.5);
    keys.fill(-0.5, (1 + 2 * 3 + 1) * headSize, (1 + 2 * 3 + 2) * headSize);
    return { queries: [keys, keys, keys, keys], keys: [keys, keys] };
  };
  const cache = new KVCache(shape, { policy: infiniPotV({ budget: 8, tokensPerFrame: 2 }) });
  const tokens = shape.layers.map(layer);
  await runPasses(cache, tokens, [1, ...Array.from({ length: frames }, () => 2)]);
  for (const heads of tokensHeld(cache)) {
    for (const held of heads) {
      expect(held).toContain(8);
      expect(held).toContain(0);
      expect(held.slice(-2)).toEqual([23, 24]);
    }
  }
});

it('refuses what is not a frame and no share', () => {
  for (const wrong of [
    ...[{ tokensPerFrame: 0 }, { tokensPerFrame: 1.5 }, { firstToken: -1 }, { recentShare: -0.1 }],
    ...[{ recentShare: 0.6 }, { redundancyShare: 1.1 }, { redundancyShare: Number.NaN }],
  ]) {
    const options = { budget: 8, tokensPerFrame: 4, ...wrong };
    expect(() => infiniPotV(options)).toThrow(InvalidArgumentError);
  }
});
