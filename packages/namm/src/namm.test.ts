import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { CacheMismatchError, KVCache } from '@namm/kv-cache';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrate, namm, SpectrumCollector } from './index.js';
import { randomCheckpoint } from './testing/random-checkpoint.js';
import {
  heldTokens,
  type MakeAttention,
  pass,
  randomAttention,
  shape,
} from './testing/random-pass.js';

const checkpoint = randomCheckpoint(5);
const split = (total: number, parts: readonly number[]) => {
  // Passes of these sizes, cut where the policy chooses.
  const passes: number[] = [];
  let seen = 0;
  for (let i = 0; seen < total; i++) {
    const size = Math.min(parts[i % parts.length]!, 32 - (seen % 32), total - seen);
    passes.push(size);
    seen += size;
  }
  return passes;
};

async function run(cache: KVCache, passes: readonly number[], attention: MakeAttention) {
  for (const queries of passes) await pass(cache, queries, attention);
  return heldTokens(cache);
}

describe('a NAMM', () => {
  it('evicts at its updates only, per head, and never the newest token', async () => {
    const cache = new KVCache(shape, { policy: namm(checkpoint) });
    const attention = randomAttention(3);
    const counts: number[] = [];
    for (const queries of [20, 12, 10, 22, 16]) {
      const before = cache.memory().rows;
      await pass(cache, queries, attention);
      const { rows } = cache.memory();
      counts.push(before + 4 * queries - rows);
      if (cache.seen % 32 === 0) {
        for (const held of heldTokens(cache).flat()) expect(held.at(-1)).toBe(cache.seen - 1);
      }
    }
    expect(counts[0]).toBe(0);
    expect(counts[2]).toBe(0);
    expect(counts[4]).toBe(0);
    expect(counts[1]! + counts[3]!).toBeGreaterThan(20);
    const lengths = new Set(cache.memory().keptPerHead.flat());
    expect(lengths.size).toBeGreaterThan(1);
  });

  it('decides the same whatever the passes are', async () => {
    const policy = namm(checkpoint, { storage: 'float32' });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1000 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
        async (seed, parts) => {
          const whole = await run(
            new KVCache(shape, { policy }),
            [32, 32, 32, 4],
            randomAttention(seed),
          );
          const cut = await run(
            new KVCache(shape, { policy }),
            split(100, parts),
            randomAttention(seed),
          );
          expect(cut).toEqual(whole);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('adds the bias of a head to its scores, and to no other', async () => {
    const values = new Float32Array(4);
    const headBias = { layers: 2, heads: 2, values };
    const kept = async (bias: readonly number[]) => {
      values.set(bias);
      const policy = namm({ ...checkpoint, headBias: { ...headBias, values: values.slice() } });
      const held = await run(new KVCache(shape, { policy }), [32], randomAttention(7));
      return held.flat().map(({ length }) => length);
    };
    const plain = await kept([0, 0, 0, 0]);
    const without = await run(
      new KVCache(shape, { policy: namm(checkpoint) }),
      [32],
      randomAttention(7),
    );
    expect(plain).toEqual(without.flat().map(({ length }) => length));
    const biased = await kept([0, 1e6, -1e6, 0]);
    expect(biased).toEqual([plain[0], 32, 1, plain[3]]);
  });

  it('averages scores over neighbours when it is told to', async () => {
    const scored = async (pooling: number) => {
      const scores: number[][] = [];
      const policy = namm(checkpoint, { pooling });
      const start = () => {
        const state = policy.start(shape);
        const select = state.select.bind(state);
        state.select = (view) => select(view, (_, __, own) => scores.push([...own]));
        return state;
      };
      const cache = new KVCache(shape, { policy: { ...policy, start } });
      await pass(cache, 32, randomAttention(3));
      return scores;
    };
    const [plain, pooled] = [await scored(0), await scored(2)];
    expect(pooled).toHaveLength(4);
    for (const [head, own] of plain.entries()) {
      for (const [row, score] of pooled[head]!.entries()) {
        if (row + 2 >= own.length) continue; // the newest token's own score is not told
        const near = own.slice(Math.max(0, row - 2), row + 3);
        expect(score).toBeCloseTo(near.reduce((sum, value) => sum + value, 0) / near.length, 5);
      }
    }
    const inCheckpoint = { ...checkpoint, policy: { ...checkpoint.policy, pooling: 2 } };
    expect(namm(inCheckpoint).settings).toEqual(namm(checkpoint, { pooling: 2 }).settings);
    const withTail = { ...checkpoint, policy: { ...checkpoint.policy, tail: 5 } };
    expect(namm(withTail).settings).toEqual(namm(checkpoint, { tail: 5 }).settings);
    expect(namm(withTail, { tail: 1 }).settings).toEqual(namm(checkpoint).settings);
  });

  it('sees keys when it is told to', async () => {
    const scorer = { kind: 'linear', features: 27, bias: true } as const;
    const parameters = new Float32Array(28);
    parameters.set([10, 0], 25); // the norm alone
    const normaliser = {
      shape: [19],
      mean: new Float32Array(19),
      variance: new Float32Array(19).fill(1),
      count: Float64Array.of(1),
    };
    const features = { ...checkpoint.features, keys: ['norm', 'likeness'] as const };
    const given = { ...checkpoint, scorer, parameters, normaliser, features };
    const everything = new KVCache(shape, { policy: namm(given) });
    await pass(everything, 32, randomAttention(1));
    const norms = everything.keys(1, 0);
    const norm = (slot: number) => {
      const size = shape.layers[1]!.headSize;
      return Math.hypot(...norms.subarray(slot * size, (slot + 1) * size));
    };
    expect(everything.memory().keptPerHead.flat()).toEqual([32, 32, 32, 32]);
    const border = [...Array(32).keys()].map(norm).sort((a, b) => a - b)[20]!;
    parameters[27] = -10 * border;
    const cache = new KVCache(shape, { policy: namm(given) });
    await pass(cache, 32, randomAttention(1));
    const largest = [...Array(32).keys()].filter((slot) => norm(slot) >= border || slot === 31);
    const held = heldTokens(cache)[1]![0]!;
    expect(held.filter((token) => Math.abs(norm(token) - border) > 1e-6)).toEqual(
      largest.filter((token) => Math.abs(norm(token) - border) > 1e-6),
    );
  });

  it('keeps everything when all scores are 0 or more, as evolution starts', async () => {
    const parameters = new Float32Array(checkpoint.parameters.length);
    const policy = namm({ ...checkpoint, parameters });
    const cache = new KVCache(shape, { policy });
    const held = await run(cache, [32, 32], randomAttention(1));
    expect(held.flat().every(({ length }) => length === 64)).toBe(true);
    const none = namm({ ...checkpoint, parameters }, { scoreOffset: -1, sinks: 2, tail: 3 });
    const emptied = await run(new KVCache(shape, { policy: none }), [32, 32], randomAttention(1));
    for (const head of emptied.flat()) expect(head).toEqual([0, 1, 61, 62, 63]);
  });

  it('permutes its decisions when heads are permuted', async () => {
    const attention = randomAttention(9);
    const swapped: MakeAttention = (layer, head, queries, tokens) =>
      attention(layer, 1 - head, queries, tokens);
    const policy = namm(checkpoint);
    const plain = await run(new KVCache(shape, { policy }), [32, 32, 32], attention);
    const other = await run(new KVCache(shape, { policy }), [32, 32, 32], swapped);
    expect(other).toEqual(plain.map(([first, second]) => [second, first]));
    expect(plain[0]![0]).not.toEqual(plain[0]![1]);
  });

  it('keeps under reference at least what exact keeps from the same state', async () => {
    const kept = await Promise.all(
      (['exact', 'reference'] as const).map((semantics) =>
        run(
          new KVCache(shape, { policy: namm(checkpoint, { semantics }) }),
          [32],
          randomAttention(1),
        ),
      ),
    );
    const [exact, reference] = kept.map((layers) => layers.flat());
    for (const [head, tokens] of exact!.entries()) {
      expect(reference![head]).toEqual(expect.arrayContaining(tokens));
    }
    expect(reference).not.toEqual(exact);
  });

  it('never holds more than its budget after an update', async () => {
    for (const budget of [7, '20%', '3KB']) {
      const cache = new KVCache(shape, { policy: namm(checkpoint, { budget, scoreOffset: 9 }) });
      const attention = randomAttention(2);
      for (let update = 0; update < 4; update++) {
        await pass(cache, 32, attention);
        const { keptPerHead, bytes } = cache.memory();
        const most = Math.max(...keptPerHead.flat());
        if (budget === 7) expect(most).toBe(7);
        else if (budget === '20%') expect(most).toBe(Math.floor(cache.seen / 5));
        else expect(bytes.used + bytes.positions + bytes.policy).toBeLessThanOrEqual(3000);
      }
    }
  });

  it('goes on after fork, save and restore as it would have', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-policy-'));
    try {
      const policy = namm(checkpoint);
      const path = join(folder, 'cache.safetensors');
      const cache = new KVCache(shape, { policy });
      await run(cache, [32, 23], randomAttention(6)); // in the middle of a frame
      await cache.save(path);
      const fork = cache.fork();
      const restored = await KVCache.restore(path, shape, { policy });
      const rest = [9, 32, 5];
      const wanted = await run(cache, rest, randomAttention(6));
      expect(await run(fork, rest, randomAttention(6))).toEqual(wanted);
      expect(await run(restored, rest, randomAttention(6))).toEqual(wanted);
      expect(restored.memory().bytes.policy).toBe(cache.memory().bytes.policy);
      const others = [
        namm(checkpoint, { storage: 'float32' }),
        namm(randomCheckpoint(6)),
        namm(checkpoint, { scoreOffset: 1 }),
      ];
      for (const other of others) {
        await expect(KVCache.restore(path, shape, { policy: other })).rejects.toThrow(
          CacheMismatchError,
        );
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('takes over from a NAMM that has evicted nothing, as if it had been there from the start', async () => {
    const everything = { ...checkpoint, parameters: new Float32Array(4172) };
    const attention = randomAttention(8);
    for (const first of [20, 32]) {
      const alone = new KVCache(shape, { policy: namm(checkpoint) });
      await run(alone, [first], attention);
      const begun = new KVCache(shape, { policy: namm(everything) });
      await run(begun, [first], attention);
      const copy = await begun.copyUnder(namm(checkpoint));
      expect(heldTokens(copy)).toEqual(heldTokens(alone));
      const more = first === 20 ? [12, 32] : [32];
      expect(await run(copy, more, attention)).toEqual(await run(alone, more, attention));
      expect(
        heldTokens(begun)
          .flat()
          .every(({ length }) => length === first),
      ).toBe(true);
    }
    const begun = new KVCache(shape, { policy: namm(everything) });
    await expect(begun.copyUnder(namm(checkpoint, { storage: 'float32' }))).rejects.toThrow(
      'state: has spectra with',
    );
    const stranger = new KVCache(shape);
    await expect(stranger.copyUnder(namm(checkpoint))).rejects.toThrow('is not that of a NAMM');
  });

  it('costs 33 numbers per token and head at an update and at most 48 between', async () => {
    const parameters = new Float32Array(checkpoint.parameters.length);
    const cache = new KVCache(shape, { policy: namm({ ...checkpoint, parameters }) });
    const attention = randomAttention(8);
    for (let i = 0; i < 96; i++) {
      await pass(cache, 1, attention);
      const { rows, bytes } = cache.memory();
      expect(bytes.policy).toBeLessThanOrEqual(rows * 48 * 2);
      if (cache.seen % 16 === 0) expect(bytes.policy).toBeLessThanOrEqual(rows * 33 * 2);
    }
  });

  it('refuses attention that cannot be, and remembers what it did before', async () => {
    const policy = namm(checkpoint);
    const cache = new KVCache(shape, { policy });
    const sound = randomAttention(2);
    await pass(cache, 16, sound);
    const state = policy.start(shape);
    const wrong: MakeAttention = (layer, head, queries, tokens) => {
      const attention = sound(layer, head, queries, tokens);
      if (head === 1) attention[attention.length - 1] = 5;
      return attention;
    };
    const before = state.save();
    const slots = 4;
    expect(() =>
      state.observe(0, {
        kind: 'spectrum',
        queries: 4,
        spectra: [new Float32Array(0), new Float32Array(0)],
        heads: [
          Float32Array.from({ length: 4 * slots }, () => 0.25),
          wrong(0, 1, 4, new Int32Array(0)),
        ],
      }),
    ).toThrow('not to 1');
    expect(state.save()).toEqual(before);
    expect(() => state.observe(0, { kind: 'columnSums', heads: [] })).toThrow(InvalidArgumentError);
  });

  it.each([
    [{ updateInterval: 24 }, 'updateInterval'],
    [{ updateInterval: 0 }, 'updateInterval'],
    [{ semantics: 'paper' as never }, 'semantics'],
    [{ scoreOffset: Number.NaN }, 'scoreOffset'],
    [{ sinks: -1 }, 'sinks'],
    [{ tail: 0 }, 'tail'],
    [{ pooling: 0.5 }, 'pooling'],
    [{ budget: 'much' }, 'budget'],
    [{ scoreOfset: 1 } as never, /scoreOfset: is not an option of namm/],
  ])('refuses %j', (options, named) => {
    expect(() => namm(checkpoint, options)).toThrow(named);
  });

  it('refuses a checkpoint that is damaged or of another model', () => {
    const { normaliser } = checkpoint;
    const flat = { ...normaliser, variance: new Float32Array(17) };
    expect(() => namm({ ...checkpoint, normaliser: flat })).toThrow('variance');
    const parameters = checkpoint.parameters.with(7, Number.NaN);
    expect(() => namm({ ...checkpoint, parameters })).toThrow(InvalidArgumentError);
    const perHead = {
      shape: [3, 2, 17],
      mean: new Float32Array(3 * 2 * 17),
      variance: new Float32Array(3 * 2 * 17).fill(1),
      count: new Float64Array(6).fill(1),
    };
    const policy = namm({ ...checkpoint, normaliser: perHead });
    expect(() => policy.start(shape)).toThrow('calibrate it');
  });
});

describe('a spectrum collector', () => {
  it('measures what calibrates a checkpoint, and keeps everything', async () => {
    const collector = new SpectrumCollector({ updateInterval: 32 });
    expect(() => collector.statistics).toThrow('has measured nothing');
    const cache = new KVCache(shape, { policy: collector.policy });
    const held = await run(cache, [32, 20, 12], randomAttention(4));
    expect(held.flat().every(({ length }) => length === 64)).toBe(true);
    expect(collector.statistics.count).toBe(4 * (32 + 64));
    const shared = calibrate(checkpoint, collector.statistics);
    expect(shared.normaliser.shape).toEqual([17]);
    expect(shared.provenance).toEqual({ calibratedOnTokens: 4 * 96 });
    const own = calibrate(checkpoint, collector.statistics, 'per-head');
    expect(own.normaliser.shape).toEqual([2, 2, 17]);
    expect(() => namm(own).start(shape)).not.toThrow();
    expect(() => new SpectrumCollector({ updateInterval: 20 })).toThrow(InvalidArgumentError);
  });
});
