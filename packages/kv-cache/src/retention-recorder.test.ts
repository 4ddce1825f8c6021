import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  float16ToFloat32,
  heldTokens,
  InvalidArgumentError,
  type RetentionRecord,
} from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidSelectionError } from './cache-errors.js';
import type { EvictionPolicy, ScoreListener } from './contracts/eviction-policy.js';
import { createPolicy, policyNames } from './create-policy.js';
import { KVCache } from './kv-cache.js';
import { h2o } from './policies/h2o.js';
import { sinkRecent } from './policies/sink-recent.js';
import { RetentionRecorder } from './retention-recorder.js';
import { slotRange } from './slot-range.js';
import { randomTokens, tokensHeld, updateOf } from './testing/run-pass.js';
import { passSizes, shapeOf } from './testing/shapes.js';

const shape = {
  ...shapeOf(2, 2),
  layers: [...shapeOf(1, 1).layers, ...shapeOf(1, 2, 2, 4, 9).layers],
};
const tokens = randomTokens(shape, 80, 3);

/** What the record says of every update, per layer and head. */
function toldBy(record: RetentionRecord): number[][][][] {
  return Array.from(record.seen, (_, update) =>
    record.headsPerLayer.map((count, layer) =>
      Array.from({ length: count }, (_, head) => heldTokens(record, layer, head, update)),
    ),
  );
}

/** Every other row of every head. */
function half(cache: KVCache) {
  return cache.shape.layers.map(({ keyValueHeads }, layer) =>
    Array.from({ length: keyValueHeads }, (_, head) =>
      slotRange(0, cache.length(layer, head)).filter((slot) => slot % 2 === head),
    ),
  );
}

describe('RetentionRecorder', () => {
  it('tells what the cache held after each update: any policy, windows, forks, evictions by hand', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: passSizes },
      { weight: 1, arbitrary: fc.constantFrom('keep' as const, 'fork' as const) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...policyNames),
        fc.array(step, { maxLength: 5 }),
        async (name, steps) => {
          const recorder = new RetentionRecorder({ scores: 'last' });
          let cache = new KVCache(shape, { policy: createPolicy(name, { budget: 7 }), recorder });
          const held: number[][][][] = [];
          const bytes: unknown[] = [];
          const note = () => {
            held.push(tokensHeld(cache));
            const { allocated, shared, used, positions, policy } = cache.memory().bytes;
            bytes.push({ allocated: allocated + shared, used, positions, policy });
          };
          for (const counts of [[3], ...steps]) {
            if (counts === 'fork') cache = cache.fork();
            if (counts === 'keep') {
              cache.keep(half(cache));
              note();
            }
            if (typeof counts === 'string') continue;
            for (const count of counts) {
              if (cache.seen + count > 80) break;
              await cache.update(updateOf(cache, tokens, count));
              note();
            }
          }
          const record = cache.recorder!.record();
          expect(toldBy(record)).toEqual(held);
          const told = bytes.map((_, i) => ({
            allocated: record.bytes.allocated[i],
            used: record.bytes.used[i],
            positions: record.bytes.positions[i],
            policy: record.bytes.policy[i],
          }));
          expect(told).toEqual(bytes);
          expect(record).toMatchObject({ model: 'toy', policy: name, headsPerLayer: [1, 2] });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('lets a fork and its origin tell their own stories', async () => {
    const cache = new KVCache(shape, {
      policy: h2o({ budget: 5 }),
      recorder: new RetentionRecorder({ scores: 'last' }),
    });
    await cache.update(updateOf(cache, tokens, 9));
    const fork = cache.fork();
    await fork.update(updateOf(fork, tokens, 4));
    cache.keep(half(cache));
    expect(toldBy(cache.recorder!.record())[1]).toEqual(tokensHeld(cache));
    expect(toldBy(fork.recorder!.record())[1]).toEqual(tokensHeld(fork));
    expect(toldBy(fork.recorder!.record())[0]).toEqual(toldBy(cache.recorder!.record())[0]);
    expect([...fork.recorder!.record().seen]).toEqual([9, 13]);
  });

  it('begins with what a restored cache holds', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-recorder-'));
    try {
      const policy = h2o({ budget: 5 });
      const before = new KVCache(shape, { policy });
      await before.update(updateOf(before, tokens, 12));
      const path = join(folder, 'cache.safetensors');
      await before.save(path);
      const recorder = new RetentionRecorder({ scores: 'last' });
      const cache = await KVCache.restore(path, shape, { policy, recorder });
      const held: number[][][][] = [];
      for (const count of [4, 1]) {
        await cache.update(updateOf(cache, tokens, count));
        held.push(tokensHeld(cache));
      }
      expect(toldBy(recorder.record())).toEqual(held);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('changes nothing that the cache does', async () => {
    const run = async (recorder?: RetentionRecorder) => {
      const policy = h2o({ budget: 6 });
      const cache = new KVCache(shape, { policy, ...(recorder ? { recorder } : {}) });
      for (const count of [8, 5, 1, 1]) await cache.update(updateOf(cache, tokens, count));
      return [tokensHeld(cache), cache.memory()];
    };
    expect(await run(new RetentionRecorder({ scores: 1 }))).toEqual(await run());
  });

  it('keeps the last score of every token, of evicted ones that which evicted them', async () => {
    const recorder = new RetentionRecorder({ scores: 2 });
    const told: [number, number, number][][] = []; // per update: head, token, score
    const policy = h2o({ budget: 5 });
    const spying: EvictionPolicy = {
      ...policy,
      start: (cacheShape) => {
        const state = policy.start(cacheShape);
        return {
          observe: (layer, observation) => state.observe(layer, observation),
          retain: (kept) => state.retain(kept),
          fork: () => state.fork(),
          save: () => state.save(),
          get bytes() {
            return state.bytes;
          },
          select: (view, onScores) => {
            const scored: [number, number, number][] = [];
            told.push(scored);
            const listener: ScoreListener = (layer, head, scores) => {
              onScores?.(layer, head, scores);
              const own = view.tokens(layer, head);
              for (const [slot, score] of scores.entries())
                scored.push([layer + head, own[slot]!, score]);
            };
            return state.select(view, listener);
          },
        };
      },
    };
    const flat = shapeOf(2, 1); // so that layer + head numbers the heads
    const cache = new KVCache(flat, { policy: spying, recorder });
    const own = randomTokens(flat, 30, 1);
    for (const count of [9, 6, 1, 1, 3]) await cache.update(updateOf(cache, own, count));
    const record = recorder.record();
    expect(record.scores.map(({ update }) => update)).toEqual([1, 3, 4]);
    for (const { update, values } of record.scores) {
      const seen = record.seen[update]!;
      const expected = new Float32Array(2 * seen).fill(Number.NaN);
      for (const [head, token, score] of told.slice(0, update + 1).flat()) {
        expected[head * seen + token] = score;
      }
      const numbers = float16ToFloat32(values);
      for (const [i, score] of expected.entries()) {
        if (Number.isNaN(score)) expect(numbers[i]).toBeNaN();
        else expect(Math.abs(numbers[i]! - score)).toBeLessThanOrEqual(Math.abs(score) * 2 ** -11);
      }
    }
    // The newest rows of H2O stay whatever their score, so that they have none.
    expect(float16ToFloat32(record.scores[2]!.values).at(-1)).toBeNaN();
  });

  it('notes the rows that came in when the policy fails', async () => {
    const policy = sinkRecent({ budget: 4 });
    const failing: EvictionPolicy = {
      ...policy,
      start: () => {
        const state = policy.start(shape);
        state.select = async () => [[Uint32Array.of(99)], null];
        return state;
      },
    };
    const cache = new KVCache(shape, { policy: failing, recorder: new RetentionRecorder() });
    await expect(cache.update(updateOf(cache, tokens, 6))).rejects.toThrow(InvalidSelectionError);
    expect(toldBy(cache.recorder!.record())).toEqual([tokensHeld(cache)]);
    await expect(cache.update({ count: 1, rows: [], observations: [] })).rejects.toThrow();
    expect(cache.recorder!.record().seen).toHaveLength(1); // a refused update is none
  });

  it('serves one cache, and takes as many pieces as tokens', async () => {
    const recorder = new RetentionRecorder();
    expect(() => recorder.record()).toThrow(InvalidArgumentError);
    const cache = new KVCache(shape, { recorder });
    expect(() => new KVCache(shape, { recorder })).toThrow(/one for each/);
    expect(cache.recorder).toBe(recorder);
    expect(new KVCache(shape).recorder).toBeNull();
    expect(recorder.record().seen).toHaveLength(0);
    await cache.update(updateOf(cache, tokens, 2));
    expect(recorder.record({ pieces: ['a', 'b'], notes: { budget: '1' } })).toMatchObject({
      pieces: ['a', 'b'],
      notes: { budget: '1' },
      scores: [],
    });
    expect(() => recorder.record({ pieces: ['a'] })).toThrow(/1 for 2 tokens/);
    expect(() => recorder.record({ ids: new Uint32Array(3) })).toThrow(/3 for 2 tokens/);
    expect(() => new RetentionRecorder({ scores: 0 })).toThrow(InvalidArgumentError);
  });
});
