import { Random } from '@namm/core';
import {
  type CacheShape,
  h2o,
  KVCache,
  keyDiff,
  RetentionRecorder,
  random,
  sinkRecent,
} from '@namm/kv-cache';
import { describe, expect, it } from 'vitest';
import { CacheWatch } from './cache-watch.js';
import { goneEverywhere } from './gone-everywhere.js';

const layer = { keyValueHeads: 2, queryHeads: 2, headSize: 4, window: null };
const shape: CacheShape = { model: 'made up', layers: [layer, layer, layer] };
const heads = 6;

/** A pass of some tokens with keys, values and attention at random. */
async function pass(cache: KVCache, count: number, draw: Random): Promise<void> {
  const numbers = (length: number) => Float32Array.from({ length }, () => draw.uniform());
  const size = 2 * count * layer.headSize;
  const rows = shape.layers.map(() => ({ keys: numbers(size), values: numbers(size) }));
  const observations = shape.layers.map((_, at) => {
    const sums = [0, 1].map((head) => numbers(cache.length(at, head) + count));
    return { kind: 'columnSums' as const, heads: sums };
  });
  const isSeen = cache.policy.probe.kind === 'columnSums';
  await cache.update({ count, rows, observations: isSeen ? observations : [] });
}

describe('CacheWatch', () => {
  const policies = [
    sinkRecent({ budget: 7 }),
    h2o({ budget: 9 }),
    keyDiff({ budget: '40%' }),
    random({ budget: 5, seed: 3 }),
  ];
  const cases = Array.from({ length: 24 }, (_, i) => i);

  it.each(cases)('is what a record of every entry says: case %i', async (seed) => {
    const draw = new Random(seed);
    const recorder = new RetentionRecorder();
    const cache = new KVCache(shape, { policy: policies[seed % 4]!, recorder });
    const watch = new CacheWatch(cache);
    const sizes = Array.from({ length: 12 }, () => 1 + draw.integer(8));
    for (const size of sizes) {
      await pass(cache, size, draw);
      watch.look();
    }

    // The slow way: for each token as a query, each token up to it as a key, in each head.
    const { evictedAt } = recorder.record();
    const passOf = sizes.flatMap((size, at) => Array(size).fill(at) as number[]);
    const seen = passOf.length;
    let [held, full] = [0, 0];
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < seen; query++) {
        for (let key = 0; key <= query; key++) {
          full++;
          if (evictedAt[head * seen + key]! >= passOf[query]!) held++;
        }
      }
    }
    expect(watch.cost().footprint).toBeCloseTo(held / full, 12);
    if (seed % 4 === 0) expect(held / full).toBeLessThan(0.6);

    const last = sizes.length;
    const isGone = Array.from({ length: seen }, (_, key) => {
      return Array.from({ length: heads }, (_, head) => evictedAt[head * seen + key]!).every(
        (at) => at < last,
      );
    });
    expect(goneEverywhere(cache)).toBeCloseTo(isGone.filter(Boolean).length / seen, 12);
  });

  it('goes on from a fork, and knows the most bytes that there were', async () => {
    const draw = new Random(1);
    const cache = new KVCache(shape, { policy: sinkRecent({ budget: 10 }) });
    const watch = new CacheWatch(cache);
    await pass(cache, 30, draw);
    watch.look();
    const row = 4 * (2 * 4 + 1);
    expect(watch.cost()).toEqual({ footprint: 1, peakBytes: 30 * heads * row });
    const fork = cache.fork();
    const own = new CacheWatch(fork, watch);
    await pass(fork, 25, draw);
    own.look();
    expect(own.cost().peakBytes).toBe(35 * heads * row);
    const whole = (55 * 56) / 2;
    expect(own.cost().footprint).toBeCloseTo((whole - 25 * 20) / whole, 12);
    own.lookAtFork(40);
    expect(own.cost().peakBytes).toBe(50 * heads * row);
    expect(watch.cost().peakBytes).toBe(30 * heads * row);
  });
});
