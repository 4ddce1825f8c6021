import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CacheBusyError, CacheFailedError } from './cache-errors.js';
import { createPolicy, policyNames } from './create-policy.js';
import { KVCache } from './kv-cache.js';
import { full } from './policies/full.js';
import { h2o } from './policies/h2o.js';
import { sinkRecent } from './policies/sink-recent.js';
import type { RotateKeys } from './row-buffer.js';
import { randomTokens, runPasses, tokensHeld } from './testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from './testing/shapes.js';
import { snapshot } from './testing/snapshot.js';

const window = 9;
const shape = {
  model: 'toy',
  layers: [shapeOf(1).layers[0]!, shapeOf(1, 1, 2, 4, window).layers[0]!],
};

/** Leaves keys alone, so that the choices of every policy can be compared. */
const nothing = () => null;

/** Adds to every number of a key by how far its position moved, and notes who was asked. */
function shifting(asked: number[]): (layer: number) => RotateKeys {
  return (layer) => {
    asked.push(layer);
    return (keys, from, to) => {
      for (let i = 0; i < keys.length; i++) keys[i]! += to[i >> 2]! - from[i >> 2]!;
    };
  };
}

/** Position of every token that some head holds; fails when two heads disagree. */
function positionsByToken(cache: KVCache): Map<number, number> {
  const all = new Map<number, number>();
  for (const [layer, { keyValueHeads }] of cache.shape.layers.entries()) {
    for (let head = 0; head < keyValueHeads; head++) {
      const positions = cache.positions(layer, head);
      for (const [slot, token] of cache.tokens(layer, head).entries()) {
        expect(all.get(token) ?? positions[slot]).toBe(positions[slot]);
        all.set(token, positions[slot]!);
      }
    }
  }
  return new Map([...all].sort(([a], [b]) => a - b));
}

describe('compact positions', () => {
  it('close gaps without changing what a policy keeps, order, or distances in a window', async () => {
    const closing = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(passSizes, fc.nat(), closing, async (counts, seed, closes) => {
        const tokens = randomTokens(shape, totalOf(counts), seed);
        for (const name of policyNames) {
          const policy = createPolicy(name, { budget: 6, seed: 1 });
          const absolute = new KVCache(shape, { policy });
          const compact = new KVCache(shape, { policy, positions: 'compact' });
          for (const count of counts) {
            await runPasses(absolute, tokens, [count]);
            await runPasses(compact, tokens, [count]);
            if (closes.next().value) {
              const { nextPosition } = compact;
              const gaps = compact.gaps();
              compact.closeGaps(nothing);
              expect(compact.nextPosition).toBe(nextPosition - gaps);
              expect(compact.gaps()).toBe(0);
              const held = positionsByToken(compact).size;
              expect(compact.nextPosition).toBeLessThanOrEqual(held + window);
            }
            // Under full() dead rows go in batches, and at once when gaps are closed.
            if (name !== 'full') expect(tokensHeld(compact), name).toEqual(tokensHeld(absolute));
            expect(compact.seen).toBe(absolute.seen);
            const numbered = [...positionsByToken(compact), [compact.seen, compact.nextPosition]];
            for (const [i, [token, position]] of numbered.slice(1).entries()) {
              const [lastToken, lastPosition] = numbered[i]!;
              expect(position).toBeGreaterThan(lastPosition!);
              expect(position! - lastPosition!).toBeLessThanOrEqual(token! - lastToken!);
              const inWindow = compact.seen - lastToken! <= window;
              if (inWindow) expect(position! - lastPosition!).toBe(token! - lastToken!);
            }
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  it('turn the keys of rows that move, in forks each for itself', async () => {
    const policy = sinkRecent({ budget: 8, sinks: 2 });
    const flat = shapeOf(2, 1, 1, 4);
    const tokens = randomTokens(flat, 60, 1);
    const cache = new KVCache(flat, { policy, positions: 'compact' });
    await runPasses(cache, tokens, [20]);
    const fork = cache.fork();
    const before = snapshot(cache);
    const asked: number[] = [];
    fork.closeGaps(shifting(asked));
    expect(asked).toEqual([0, 1]);
    expect(snapshot(cache)).toEqual(before);
    expect([...fork.positions(0, 0)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...fork.tokens(0, 0)]).toEqual([0, 1, 14, 15, 16, 17, 18, 19]);
    expect(fork.nextPosition).toBe(8);
    const moved = (key: number, i: number) => (i < 8 ? key : Math.fround(key - 12));
    expect([...fork.keys(1, 0)]).toEqual([...cache.keys(1, 0)].map(moved));
    expect(fork.memory().bytes).toMatchObject({ positions: 16 * 8, shared: 0 });
    await runPasses(fork, tokens, [1]);
    expect(fork.positions(0, 0).at(-1)).toBe(8);
    expect(fork.tokens(0, 0).at(-1)).toBe(20);
  });

  it('leave a cache that can only be read when they break off half way', async () => {
    const policy = sinkRecent({ budget: 8, sinks: 2 });
    const cache = new KVCache(shapeOf(2, 1, 1, 4), { policy, positions: 'compact' });
    await runPasses(cache, randomTokens(cache.shape, 30, 1), [20]);
    const turn = (layer: number): RotateKeys => {
      if (layer === 0) return () => {};
      throw new TypeError('no table');
    };
    expect(() => cache.closeGaps(turn)).toThrow(TypeError);
    expect(cache.length(1, 0)).toBe(8);
    expect(() => cache.closeGaps(nothing)).toThrow(CacheFailedError);
    expect(() => cache.fork()).toThrow(/closing gaps broke off half way/);
  });

  it('leave shared rows shared where no row moves', async () => {
    const flat = shapeOf(1, 1, 1, 4);
    const cache = new KVCache(flat, { positions: 'compact' });
    await runPasses(cache, randomTokens(flat, 30, 1), [20]);
    const fork = cache.fork();
    fork.closeGaps(shifting([]));
    expect(fork.memory().bytes.shared).toBeGreaterThan(0);
    expect(fork.nextPosition).toBe(20);
  });

  it('are saved and restored with their tokens', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-compact-'));
    const path = join(folder, 'cache.safetensors');
    const policy = h2o({ budget: 6 });
    const tokens = randomTokens(shape, 60, 1);
    const cache = new KVCache(shape, { policy, positions: 'compact' });
    await runPasses(cache, tokens, [20, 1]);
    cache.closeGaps(nothing);
    await runPasses(cache, tokens, [3]);
    await cache.save(path);
    const restored = await KVCache.restore(path, shape, { policy });
    expect(restored.shape.positions).toBe('compact');
    for (const each of [cache, restored]) {
      await runPasses(each, tokens, [2]);
      each.closeGaps(nothing);
      await runPasses(each, tokens, [2]);
    }
    expect(snapshot(restored)).toEqual(snapshot(cache));
    await rm(folder, { recursive: true });
  });

  it('count in a budget in bytes', () => {
    const bytes = 8 * (2 * 4 + 1) * 4 * 4; // four rows per head with a position each
    const flat = shapeOf(2, 4, 1, 4);
    const slots = async (positions: 'absolute' | 'compact') => {
      const cache = new KVCache(flat, { policy: sinkRecent({ budget: `${bytes}B` }), positions });
      await runPasses(cache, randomTokens(flat, 10, 1), [10]);
      const { used, positions: marks } = cache.memory().bytes;
      expect(used + marks).toBeLessThanOrEqual(bytes);
      return cache.length(0, 0);
    };
    return expect(Promise.all([slots('absolute'), slots('compact')])).resolves.toEqual([4, 3]);
  });

  it('are an option that must fit the others', async () => {
    const compact = new KVCache(shape, { positions: 'compact' });
    expect(new KVCache(compact.shape).shape).toBe(compact.shape);
    expect(new KVCache(shape).shape).toBe(shape);
    const wrong = { positions: 'relative' as 'compact' };
    expect(() => new KVCache(shape, wrong)).toThrow(/^positions: 'relative'/);
    const both = { positions: 'compact', keepOutsideWindow: true } as const;
    expect(() => new KVCache(shape, both)).toThrow(/^keepOutsideWindow/);
    expect(() => new KVCache(shape, { policy: full() }).closeGaps(nothing)).toThrow(
      InvalidArgumentError,
    );
    const lease = compact.lease('test');
    expect(() => compact.closeGaps(nothing)).toThrow(CacheBusyError);
    lease.release();
    expect(() => lease.closeGaps(nothing)).toThrow(CacheBusyError);
  });
});
