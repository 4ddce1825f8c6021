import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BudgetInput } from './budget.js';
import type { EvictionPolicy } from './contracts/eviction-policy.js';
import { createPolicy, policyNames } from './create-policy.js';
import { KVCache } from './kv-cache.js';
import { adaKV } from './policies/ada-kv.js';
import { h2o } from './policies/h2o.js';
import { l2NormScorer } from './policies/l2-norm.js';
import { pyramidKV } from './policies/pyramid-kv.js';
import { snapKV } from './policies/snap-kv.js';
import { randomTokens, runPasses } from './testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from './testing/shapes.js';

const shape = shapeOf(3, 2, 2, 4);

/** Every named policy, and variants with small windows that bite within a few tokens. */
function policiesFor(budget: BudgetInput): EvictionPolicy[] {
  const small = { window: 3, kernel: 3 };
  return [
    ...policyNames.filter((name) => name !== 'full').map((name) => createPolicy(name, { budget })),
    snapKV({ budget, ...small, pooling: 'max' }),
    pyramidKV({ budget, ...small, beta: 4 }),
    pyramidKV({ budget, ...small, beta: 4, rule: 'factory' }),
    adaKV({ budget, scorer: l2NormScorer(), rule: 'original', safeguard: 0.3 }),
  ];
}

/** Rows per head, on average, that tokens or a share allow. */
function slotsOf(budget: number, seen: number): number {
  return budget >= 1 ? budget : Math.max(1, Math.floor(budget * seen));
}

describe('a budget', () => {
  it('in tokens or as a share holds after every pass, whatever the passes were', async () => {
    const budgets = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(0.01, 0.3, 0.5, 0.9));
    await fc.assert(
      fc.asyncProperty(budgets, passSizes, fc.nat(), async (budget, counts, seed) => {
        const tokens = randomTokens(shape, totalOf(counts), seed);
        for (const policy of policiesFor(budget)) {
          const cache = new KVCache(shape, { policy });
          for (const count of counts) {
            await runPasses(cache, tokens, [count]);
            const slots = slotsOf(budget, cache.seen);
            const { rows, keptPerHead } = cache.memory();
            // A pyramid divides the share itself, the others what it comes to in whole rows.
            const average =
              budget < 1 && policy.name === 'pyramidkv' ? Math.max(1, budget * cache.seen) : slots;
            expect(rows, policy.name).toBeLessThanOrEqual(6 * average);
            const perLayer = keptPerHead.map((heads) => totalOf(heads));
            if (policy.name !== 'pyramidkv')
              expect(Math.max(...perLayer)).toBeLessThanOrEqual(2 * slots);
            if (/ada|pyramid/.test(policy.name)) continue;
            // These give every head the same, and use what they have.
            const all = new Set(keptPerHead.flat());
            expect(all, policy.name).toEqual(new Set([Math.min(slots, cache.seen)]));
          }
        }
      }),
      { numRuns: 8 },
    );
  }, 60_000);

  it('in bytes bounds keys, values, positions and policy state together, and is used up', async () => {
    const tokens = randomTokens(shape, 60, 2);
    for (const policy of policiesFor('9KB')) {
      const cache = new KVCache(shape, { policy });
      for (const count of [20, 30, 1, 1, 1]) {
        await runPasses(cache, tokens, [count]);
        const { bytes } = cache.memory();
        expect(bytes.used + bytes.positions + bytes.policy, policy.name).toBeLessThanOrEqual(9000);
      }
      const { bytes, rows } = cache.memory();
      const perRow = (bytes.used + bytes.positions + bytes.policy) / rows;
      // One more row for each of the six heads would be too many.
      if (!['ada-l2', 'pyramidkv', 'compactor'].includes(policy.name)) {
        expect(9000 - rows * perRow, policy.name).toBeLessThan(6 * perRow);
      }
    }
  });

  it('in bytes that does not pay for one slot per head is refused with the price', () => {
    // Keys and values 2 · 4 · 4 bytes, the position 4, H2O's sum 8: 44 bytes in each of 6 heads.
    const policy = h2o({ budget: '263B' });
    expect(() => new KVCache(shape, { policy })).toThrow(InvalidArgumentError);
    expect(() => new KVCache(shape, { policy })).toThrow(/one slot per head costs 264 bytes/);
    expect(new KVCache(shape, { policy: h2o({ budget: '264B' }) }).seen).toBe(0);
  });

  it('in bytes is refused by PyramidKV when layers differ in size', () => {
    const layers = [...shapeOf(1).layers, ...shapeOf(1, 2, 2, 8).layers];
    const make = (budget: string) =>
      new KVCache({ model: 'm', layers }, { policy: pyramidKV({ budget }) });
    expect(() => make('9KB')).toThrow(/^budget: in bytes needs layers of one size/);
    expect(make('9').seen).toBe(0);
  });

  it('that nobody reaches changes nothing', async () => {
    const tokens = randomTokens(shape, 30, 4);
    for (const budget of [24, 30, '100%'] as const) {
      for (const policy of policiesFor(budget)) {
        const cache = new KVCache(shape, { policy });
        await runPasses(cache, tokens, [10, 12, 1, 1]);
        expect(cache.memory().rows, policy.name).toBe(6 * 24);
      }
    }
  });
});
