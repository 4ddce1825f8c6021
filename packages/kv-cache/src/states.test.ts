import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError, InvalidArgumentError } from '@namm/core';
import { openSafetensors, type TensorData, writeSafetensors } from '@namm/tensors';
import { describe, expect, it } from 'vitest';
import { CacheReleasedError } from './cache-errors.js';
import type { CacheShape } from './contracts/cache-shape.js';
import { KVCache } from './kv-cache.js';
import { h2o } from './policies/h2o.js';
import { sinkRecent } from './policies/sink-recent.js';
import { stateBytes } from './stored-rows.js';
import { randomTokens, runPasses, tokensHeld, updateOf } from './testing/run-pass.js';
import { shapeOf } from './testing/shapes.js';

/** Two layers with rows beside two without. */
const rowsAlone = shapeOf(2, 2, 2, 4);
const shape: CacheShape = { ...rowsAlone, states: [{ size: 6 }, { size: 10 }] };
const tokens = randomTokens(shape, 64, 3);

/** What layers without rows would keep after a token. */
const statesAt = (seen: number) => [
  new Float32Array(6).fill(seen),
  new Float32Array(10).fill(seen + 0.5),
];

async function feed(cache: KVCache, counts: readonly number[]): Promise<void> {
  for (const count of counts) {
    await cache.update({
      ...updateOf(cache, tokens, count),
      states: statesAt(cache.seen + count),
    });
  }
}

describe('what layers without rows keep', () => {
  it('is nothing but zeros before the first token, and then what the last pass gave', async () => {
    const cache = new KVCache(shape);
    expect(cache.states).toEqual([new Float32Array(6), new Float32Array(10)]);
    const given = statesAt(3);
    await cache.update({ ...updateOf(cache, tokens, 3), states: given });
    given[0]!.fill(99);
    expect(cache.states).toEqual(statesAt(3));
    await feed(cache, [1, 2]);
    expect(cache.states).toEqual(statesAt(6));
  });

  it('is nothing that policies see: they keep what they keep of the layers with rows alone', async () => {
    const policy = h2o({ budget: 5 });
    const cache = new KVCache(shape, { policy });
    const without = new KVCache(rowsAlone, { policy });
    await feed(cache, [20, 1, 1, 7]);
    await runPasses(without, tokens, [20, 1, 1, 7]);
    expect(tokensHeld(cache)).toEqual(tokensHeld(without));
    expect(cache.states).toEqual(statesAt(29));
    cache.keep([[Uint32Array.of(), Uint32Array.of()], null]);
    expect(cache.states).toEqual(statesAt(29));
  });

  it('goes its own way in a fork, and is copied under another policy', async () => {
    const cache = new KVCache(shape, { policy: sinkRecent({ budget: 6, sinks: 2 }) });
    await feed(cache, [4]);
    const before = cache.states;
    const fork = cache.fork();
    await feed(cache, [5]);
    expect(fork.states).toEqual(statesAt(4));
    expect(before).toEqual(statesAt(4));
    await feed(fork, [1]);
    expect([cache.states, fork.states]).toEqual([statesAt(9), statesAt(5)]);
    const policy = sinkRecent({ budget: 3, sinks: 1 });
    const copy = await fork.copyUnder({ ...policy, takeOver: () => policy.start(shape) });
    expect(copy.memory().keptPerHead.flat()).toEqual([3, 3, 3, 3]);
    expect(copy.states).toEqual(statesAt(5));
  });

  it('stays when gaps between positions are closed', async () => {
    const policy = sinkRecent({ budget: 6, sinks: 2 });
    const cache = new KVCache(shape, { policy, positions: 'compact' });
    await feed(cache, [12, 12]);
    cache.closeGaps(() => null);
    expect(cache.nextPosition).toBeLessThan(24);
    expect(cache.states).toEqual(statesAt(24));
  });

  it('counts as memory and in budgets in bytes, and is gone after release', async () => {
    expect(stateBytes(shape)).toBe(64);
    const budget = { kind: 'bytes', bytes: 64 + 4 * 5 * (32 + 4) } as const;
    const cache = new KVCache(shape, { policy: sinkRecent({ budget, sinks: 1 }) });
    const without = new KVCache(rowsAlone, { policy: sinkRecent({ budget, sinks: 1 }) });
    await feed(cache, [16]);
    await runPasses(without, tokens, [16]);
    expect(cache.memory().keptPerHead.flat()).toEqual([5, 5, 5, 5]);
    expect(without.memory().keptPerHead.flat()).toEqual([5, 5, 5, 5]);
    const tight = { kind: 'bytes', bytes: budget.bytes - 4 } as const;
    const smaller = new KVCache(shape, { policy: sinkRecent({ budget: tight, sinks: 1 }) });
    await feed(smaller, [16]);
    expect(smaller.memory().keptPerHead.flat()).toEqual([4, 4, 4, 4]);
    const [a, b] = [cache.memory().bytes, without.memory().bytes];
    expect(a.used - b.used).toBe(64);
    expect(a.allocated - b.allocated).toBe(64);
    expect(a.used + a.positions).toBe(budget.bytes);
    await cache.release();
    expect(cache.memory().bytes).toMatchObject({ used: 0, allocated: 0 });
    expect(() => cache.states).toThrow(CacheReleasedError);
    const hopeless = sinkRecent({ budget: { kind: 'bytes', bytes: 70 } });
    expect(() => new KVCache(shape, { policy: hopeless })).toThrow('layers without rows 64');
  });

  it('has to come with every update, finite and in the right size; else nothing changes', async () => {
    const cache = new KVCache(shape);
    const update = updateOf(cache, tokens, 2);
    const [first, second] = statesAt(2);
    const wrong: [RegExp, Float32Array[] | undefined][] = [
      [/states: 0 entries for 2/, undefined],
      [/states: 1 entries for 2/, [first!]],
      [/states\[1\]: holds 6 numbers instead of 10/, [first!, first!]],
      [/states\[0\]: holds numbers that are not/, [first!.map(() => Number.NaN), second!]],
      [/states\[0\]: is not a Float32Array/, [[0] as unknown as Float32Array, second!]],
    ];
    for (const [message, states] of wrong) {
      const given = states === undefined ? update : { ...update, states };
      await expect(cache.update(given)).rejects.toThrow(message);
    }
    const without = new KVCache(rowsAlone);
    await expect(without.update({ ...update, states: [first!] })).rejects.toThrow(
      InvalidArgumentError,
    );
    expect([cache.seen, without.seen]).toEqual([0, 0]);
    expect(() => new KVCache({ ...shape, states: [{ size: 0 }] })).toThrow('shape.states[0].size');
  });

  it('is saved and restored, and a file that lacks or distorts it is refused', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-states-'));
    const path = join(folder, 'cache.safetensors');
    const cache = new KVCache(shape, { policy: h2o({ budget: 5 }) });
    await feed(cache, [9, 1]);
    await cache.save(path);
    const restored = await KVCache.restore(path, shape, { policy: h2o({ budget: 5 }) });
    expect(restored.states).toEqual(statesAt(10));
    await feed(restored, [3]);
    await feed(cache, [3]);
    expect(tokensHeld(restored)).toEqual(tokensHeld(cache));
    const file = await openSafetensors(path);
    const rewrite = async (changed: TensorData | null) => {
      const all: [string, TensorData][] = [];
      for (const [name, { dtype, shape: sizes }] of file.tensors) {
        const data = { dtype, shape: sizes, data: await file.readBytes(name) };
        const own = name === 'states.1' ? changed : data;
        if (own !== null) all.push([name, own]);
      }
      const target = join(folder, 'changed.safetensors');
      await writeSafetensors(target, all, Object.fromEntries(file.metadata));
      return KVCache.restore(target, shape, { policy: h2o({ budget: 5 }) });
    };
    await expect(rewrite(null)).rejects.toThrow(FileFormatError);
    const short = { shape: [4], data: new Float32Array(4) };
    await expect(rewrite(short)).rejects.toThrow('instead of F32 [10]');
    const other = { shape: [10], data: new Float32Array(10) };
    await expect(rewrite(other)).rejects.toThrow('not those that were saved');
    await expect(KVCache.restore(path, rowsAlone, { policy: h2o({ budget: 5 }) })).rejects.toThrow(
      'which no cache has',
    );
    await rm(folder, { recursive: true });
  });
});
