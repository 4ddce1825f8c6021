import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProtectedSpan } from './contracts/protected-span.js';
import { createPolicy, policyNames } from './create-policy.js';
import { KVCache } from './kv-cache.js';
import { sinkRecent } from './policies/sink-recent.js';
import { taughtPolicy } from './policies/taught-policy.js';
import { featuresPerToken } from './scoring/row-features.js';
import { taughtMap } from './scoring/taught-map.js';
import { randomTokens, runPasses, tokensHeld } from './testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from './testing/shapes.js';
import { snapshot } from './testing/snapshot.js';

const shape = shapeOf(2, 2, 2, 4);

function spansWithin(end: number) {
  return fc
    .uniqueArray(fc.integer({ min: 0, max: end }), { minLength: 2, maxLength: 6 })
    .map((cuts) => cuts.sort((a, b) => a - b))
    .map((cuts): ProtectedSpan[] =>
      cuts.slice(1).flatMap((cut, i) => (i % 2 === 0 ? [{ start: cuts[i]!, end: cut }] : [])),
    );
}

const isIn = (spans: readonly ProtectedSpan[]) => (token: number) =>
  spans.some(({ start, end }) => token >= start && token < end);

describe('protected spans', () => {
  it('are never dropped, under any policy, and its budget holds where they fit', async () => {
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), spansWithin(30), async (counts, seed, spans) => {
        const total = totalOf(counts);
        const tokens = randomTokens(shape, total, seed);
        const all = Array.from({ length: total }, (_, token) => token).filter(isIn(spans));
        for (const name of policyNames) {
          const budget = 8;
          const cache = new KVCache(shape, { policy: createPolicy(name, { budget }) });
          cache.protect(spans);
          await runPasses(cache, tokens, counts);
          for (const held of tokensHeld(cache).flat()) {
            expect(held.filter(isIn(spans)), name).toEqual(all);
            expect(held.at(-1), name).toBeDefined();
          }
          const most = Math.max(budget, all.length + 1) * 4;
          if (name !== 'full') expect(cache.memory().rows, name).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('keep their share of what each head keeps, as long as they have it', async () => {
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), spansWithin(30), async (counts, seed, parts) => {
        const tokens = randomTokens(shape, totalOf(counts), seed);
        const spans = parts.map((span) => ({ ...span, keep: 'share' as const }));
        for (const name of policyNames) {
          const cache = new KVCache(shape, { policy: createPolicy(name, { budget: 8 }) });
          cache.protect(spans);
          for (const count of counts) {
            const before = tokensHeld(cache).flat();
            const seen = cache.seen + count;
            await runPasses(cache, tokens, [count]);
            const heads = tokensHeld(cache).flat();
            for (const [head, held] of heads.entries()) {
              for (const span of spans) {
                const isOfSpan = isIn([span]);
                const fresh = Array.from({ length: count }, (_, i) => seen - count + i);
                const had = [...before[head]!, ...fresh].filter(isOfSpan).length;
                const length = Math.max(0, Math.min(span.end, seen) - span.start);
                // The policy's own number of rows is no smaller than what is held.
                const due = Math.floor((Math.min(held.length, 8) * length) / seen);
                if (name.includes('kv')) continue; // heads or layers that pay for others keep less
                expect(held.filter(isOfSpan).length, name).toBeGreaterThanOrEqual(
                  Math.min(had, due),
                );
              }
            }
            if (name !== 'full') expect(cache.memory().rows).toBeLessThanOrEqual(8 * 4);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('fit into the budget together, those that stay whole and those with a share', async () => {
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), spansWithin(30), async (counts, seed, parts) => {
        const tokens = randomTokens(shape, totalOf(counts), seed);
        const shares = parts.map(({ start, end }) => ({
          ...{ start: start + 2, end: end + 2, keep: 'share' as const },
        }));
        for (const name of policyNames.filter((one) => one !== 'full')) {
          const cache = new KVCache(shape, { policy: createPolicy(name, { budget: 8 }) });
          cache.protect([{ start: 0, end: 2 }, ...shares]);
          for (const count of counts) {
            await runPasses(cache, tokens, [count]);
            expect(cache.memory().rows, name).toBeLessThanOrEqual(8 * 4);
          }
          for (const held of tokensHeld(cache).flat()) {
            expect(held.slice(0, 2)).toEqual([0, 1].filter((token) => token < cache.seen));
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('keep a share of their own, however long the sequence gets', async () => {
    const share = fc.constantFrom(0.1, 0.25, 0.5, 1);
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), share, async (counts, seed, keep) => {
        const tokens = randomTokens(shape, totalOf(counts), seed);
        const span = { start: 2, end: 8, keep };
        for (const name of policyNames.filter((one) => one !== 'full')) {
          const cache = new KVCache(shape, { policy: createPolicy(name, { budget: 9 }) });
          cache.protect([{ start: 0, end: 2 }, span]);
          for (const count of counts) {
            const before = tokensHeld(cache).flat();
            const seen = cache.seen + count;
            await runPasses(cache, tokens, [count]);
            for (const [head, held] of tokensHeld(cache).flat().entries()) {
              const fresh = Array.from({ length: count }, (_, i) => seen - count + i);
              const had = [...before[head]!, ...fresh].filter(isIn([span])).length;
              const due = Math.floor(keep * Math.max(0, Math.min(span.end, seen) - span.start));
              const kept = held.filter(isIn([span])).length;
              expect(kept, name).toBeGreaterThanOrEqual(Math.min(had, due));
            }
            expect(cache.memory().rows, name).toBeLessThanOrEqual(9 * 4);
          }
        }
      }),
      { numRuns: 25 },
    );
    const cache = new KVCache(shape);
    for (const keep of [0, 1.5, Number.NaN]) {
      expect(() => cache.protect([{ start: 0, end: 2, keep }])).toThrow(
        /spans\[0\].keep: .* above 0/,
      );
    }
  });

  it('take the place of the rows with the lowest scores', async () => {
    const tokens = randomTokens(shape, 20, 1);
    const cache = new KVCache(shape, { policy: sinkRecent({ budget: 6, sinks: 2 }) });
    cache.protect([{ start: 5, end: 8 }]);
    await runPasses(cache, tokens, [12, 8]);
    for (const held of tokensHeld(cache).flat()) expect(held).toEqual([0, 1, 5, 6, 7, 19]);
  });

  it('come on top where rows stay by their worth alone', async () => {
    const [layer] = shape.layers;
    const weights = new Float32Array(2 * featuresPerToken(layer!)).fill(0);
    const map = taughtMap(
      'toy',
      [0, 1].map(() => ({ keyValueHeads: 2, headSize: 4, weights })),
      0,
    );
    const tokens = randomTokens(shape, 20, 1);
    const policy = taughtPolicy(map, { threshold: 1, recent: 3, sinks: 0 }); // all go
    const cache = new KVCache(shape, { policy });
    cache.protect([{ start: 5, end: 8 }]);
    await runPasses(cache, tokens, [12, 8]);
    for (const held of tokensHeld(cache).flat()) expect(held).toEqual([5, 6, 7, 17, 18, 19]);
  });

  it('go with forks and files, and can be taken back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-protected-'));
    try {
      const tokens = randomTokens(shape, 40, 1);
      const policy = createPolicy('keydiff', { budget: 8 });
      const cache = new KVCache(shape, { policy });
      cache.protect([
        { start: 6, end: 9 },
        { start: 2, end: 4, keep: 'share' },
      ]);
      await runPasses(cache, tokens, [20]);
      const file = join(folder, 'cache.safetensors');
      await cache.save(file);
      const restored = await KVCache.restore(file, shape, { policy });
      const all = [cache, cache.fork(), restored];
      for (const each of all) {
        expect(each.protectedSpans).toEqual([
          { start: 2, end: 4, keep: 'share' },
          { start: 6, end: 9, keep: 'all' },
        ]);
        await runPasses(each, tokens, [10, 1]);
        expect(snapshot(each)).toEqual(snapshot(cache));
        for (const held of tokensHeld(each).flat())
          expect(held).toEqual(expect.arrayContaining([6, 7, 8]));
      }
      cache.protect([]);
      const free = new KVCache(shape, { policy: sinkRecent({ budget: 4 }) });
      free.protect([{ start: 0, end: 4 }]);
      await runPasses(free, tokens, [10]);
      free.protect([]);
      await runPasses(free, tokens, [10, 1]);
      expect(tokensHeld(free)[0]![0]).toEqual([0, 1, 2, 20]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['not a list of spans', {}],
    [
      'overlap',
      [
        { start: 0, end: 5 },
        { start: 4, end: 6 },
      ],
    ],
    ['spans[0].start', [{ start: -1, end: 5 }]],
    ['spans[0].end', [{ start: 5, end: 5 }]],
    ['spans[0].keep', [{ start: 1, end: 5, keep: 'some' }]],
    ['lenght', [{ start: 1, end: 5, lenght: 3 }]],
  ])('are refused when they are none: %s', (problem, spans) => {
    const cache = new KVCache(shape);
    expect(() => cache.protect(spans as ProtectedSpan[])).toThrow(InvalidArgumentError);
    expect(() => cache.protect(spans as ProtectedSpan[])).toThrow(problem);
  });
});
