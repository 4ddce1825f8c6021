import { Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import type { CacheShape } from '../contracts/cache-shape.js';
import { KVCache } from '../kv-cache.js';
import { randomTokens, runPasses, tokensHeld } from '../testing/run-pass.js';
import {
  type SlowHead,
  slowCompactor,
  slowExpectedAttention,
  slowTriAttention,
} from '../testing/slow-queries.js';
import { compactor } from './compactor.js';
import { expectedAttention } from './expected-attention.js';
import { triAttention } from './tri-attention.js';

const cases = Array.from({ length: 24 }, (_, seed) => seed);

/** Without a rotation, with one of all pairs, and with one of some, which scales as well. */
function shapeFor(seed: number): CacheShape {
  const layer = { keyValueHeads: 2, queryHeads: seed % 2 === 0 ? 4 : 2, headSize: 6, window: null };
  const rotations = [
    undefined,
    { frequencies: Float32Array.of(1, 0.3, 0.05), factor: 1 },
    { frequencies: Float32Array.of(0.7, 0.1), factor: 1.2 },
  ];
  const rotation = rotations[seed % 3];
  return {
    model: 'toy',
    layers: [layer, layer].map((own) => (rotation ? { ...own, rotation } : own)),
  };
}

/** Feeds passes and compares each choice with the best of the slow scores, to the last slot. */
async function expectTwin(
  seed: number,
  policyOf: (slots: number) => Parameters<typeof runPasses>[0]['policy'],
  passes: readonly number[],
  slots: number,
  scoresOf: (heads: SlowHead[]) => number[][],
): Promise<void> {
  const shape = shapeFor(seed);
  const total = passes.reduce((a, b) => a + b, 0);
  const tokens = randomTokens(shape, total, seed);
  const cache = new KVCache(shape, { policy: policyOf(slots) });
  for (const count of passes) {
    const before = tokensHeld(cache);
    const seen = cache.seen + count;
    const fresh = Array.from({ length: count }, (_, i) => cache.seen + i);
    await runPasses(cache, tokens, [count]);
    for (const [layer, held] of tokensHeld(cache).entries()) {
      const heads = held.map((_, head): SlowHead => {
        const all = [...before[layer]![head]!, ...fresh];
        return { view: cache, tokens: tokens[layer]!, layer, head, seen, held: all };
      });
      const scores = scoresOf(heads);
      for (const [head, own] of held.entries()) {
        const all = heads[head]!.held;
        const order = [...all.keys()].sort(
          (a, b) => scores[head]![b]! - scores[head]![a]! || a - b,
        );
        const best = all.length <= slots ? all : order.slice(0, slots).map((i) => all[i]!);
        expect(own, `layer ${layer}, head ${head}`).toEqual([...best].sort((a, b) => a - b));
      }
    }
  }
}

describe.each(cases)('policies that go by queries, case %i', (seed) => {
  const random = new Random(seed, 5);
  const passes = Array.from({ length: 1 + random.integer(4) }, () => 3 + random.integer(12));
  passes[0]! += 12;
  passes.push(1, 1);
  const slots = 9 + random.integer(6);

  it('expectedAttention keeps what its definition keeps, however the text is cut', async () => {
    const settings = { future: 1 + random.integer(20), sinks: random.integer(4), epsilon: 0.01 };
    await expectTwin(
      seed,
      (budget) => expectedAttention({ budget, ...settings }),
      passes,
      slots,
      (heads) => heads.map((at) => slowExpectedAttention(at, settings)),
    );
  });

  it('triAttention keeps what its series keeps', async () => {
    const settings = { recent: random.integer(5), farthest: 1 + random.integer(300) };
    await expectTwin(
      seed,
      (budget) => triAttention({ budget, ...settings }),
      passes,
      slots,
      (heads) => heads.map((at) => slowTriAttention(at, { ...settings, slots })),
    );
  });

  it('compactor keeps what its definition keeps of a prompt', async () => {
    const settings = {
      ...{ blending: random.uniform(), chunk: 4 + random.integer(12), sketch: 3 },
      ...{ seed, sinks: random.integer(4), recent: random.integer(4) },
    };
    await expectTwin(
      seed,
      (budget) => compactor({ budget, ...settings }),
      [20 + random.integer(20)],
      slots,
      (heads) => slowCompactor(heads, settings),
    );
  });
});

describe('compactor', () => {
  it('goes on over passes, answers and windows, and remembers no more than it says', async () => {
    const [first] = shapeFor(1).layers;
    const shape = { model: 'toy', layers: [first!, { ...first!, window: 11 }] };
    const tokens = randomTokens(shape, 80, 1);
    const policy = compactor({ budget: 14, chunk: 8, sketch: 4 });
    const cache = new KVCache(shape, { policy });
    for (const count of [9, 9, 3, ...Array<number>(40).fill(1)]) {
      await runPasses(cache, tokens, [count]);
      expect(tokensHeld(cache)[0]!.every((own) => own.length <= 14)).toBe(true);
      const waiting = 14 * 4 * 6 * 2; // at most so many queries in each of two heads
      expect(cache.memory().bytes.policy).toBeLessThanOrEqual(2 * (2 * 14 * 8 + waiting * 2));
    }
    const fork = cache.fork();
    await runPasses(cache, tokens, [7, 1]);
    await runPasses(fork, tokens, [7, 1]);
    expect(tokensHeld(fork)).toEqual(tokensHeld(cache));
  });
});

describe('policies that go by queries', () => {
  const policies = { expectedAttention, triAttention, compactor };
  it.each(Object.entries(policies))('%s refuses a rotation that it cannot know', (_, create) => {
    const [layer] = shapeFor(0).layers;
    const shape: CacheShape = { model: 'toy', layers: [{ ...layer!, rotation: 'unknown' }] };
    expect(() => new KVCache(shape, { policy: create({ budget: 4 }) })).toThrow(/rotation/);
  });

  it('refuse options out of range', () => {
    expect(() => expectedAttention({ budget: 4, future: 0 })).toThrow(/future/);
    expect(() => expectedAttention({ budget: 4, epsilon: -1 })).toThrow(/epsilon/);
    expect(() => triAttention({ budget: 4, farthest: 0.5 })).toThrow(/farthest/);
    expect(() => compactor({ budget: 4, blending: Number.NaN })).toThrow(/blending/);
    expect(() => compactor({ budget: 4, sketch: 0 })).toThrow(/sketch/);
  });
});
