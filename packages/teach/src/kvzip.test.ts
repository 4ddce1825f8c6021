import { Random } from '@namm/core';
import { Decoder } from '@namm/decoder';
import { full, type KVCache, type Observation } from '@namm/kv-cache';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KVzip } from './kvzip.js';
import { kvzipContenders } from './kvzip-contenders.js';

let model: RandomModel;
let decoder: Decoder;
let dense: Decoder;
beforeAll(async () => {
  model = await randomModel();
  decoder = await Decoder.load(model.folder, {
    probe: { kind: 'columnMaxima' },
    chunkSize: 7,
    threads: 1,
  });
  const probe = { kind: 'lastQueries', count: 999 } as const;
  dense = await Decoder.load(model.folder, { probe, chunkSize: 999, threads: 1 });
});
afterAll(async () => {
  await decoder.release();
  await dense.release();
  await model.remove();
});

const prompt = [7, 19, 2];

/** The whole attention of one pass over all ids: `[group, queries, slots]` per layer and head. */
async function attentionOver(ids: readonly number[]): Promise<number[][][]> {
  const seen: number[][][] = [];
  const state = {
    bytes: 0,
    observe(layer: number, observation: Observation) {
      seen[layer] = observation.heads.map((head) => [...head]);
    },
    select: async () => [null, null],
    retain() {},
    fork: () => state,
    save: () => new Map(),
  };
  const start = () => state;
  const probe = dense.probe;
  const cache = dense.createCache({
    policy: { name: 'all', settings: {}, probe, start, restore: start },
  });
  await dense.step([{ cache, input: { ids }, outputs: 'none' }]);
  return seen;
}

/** Scores from the definition: one dense pass per piece, and all of its attention. */
async function slowScores(ids: readonly number[], pieceLength: number, leadLength: number) {
  const scores = [0, 1].map(() => [0, 1].map(() => ids.map(() => 0)));
  for (let start = 0; start < ids.length; start += pieceLength) {
    const lead = ids.slice(Math.max(0, start - leadLength), start);
    const all = [...ids, ...prompt, ...lead, ...ids.slice(start, start + pieceLength)];
    const attention = await attentionOver(all);
    for (const [layer, heads] of attention.entries()) {
      for (const [head, flat] of heads.entries()) {
        for (let query = 0; query < flat.length / all.length; query++) {
          if (query % all.length < ids.length) continue; // of the first reading
          for (let slot = 0; slot < ids.length; slot++) {
            const given = flat[query * all.length + slot]!;
            scores[layer]![head]![slot] = Math.max(scores[layer]![head]![slot]!, given);
          }
        }
      }
    }
  }
  return scores;
}

/** The tokens that stay, by sorting all rows. */
function slowKept(scores: number[][][], share: number, sinks: number): number[][][] {
  const rows = scores.flatMap((heads, layer) =>
    heads.flatMap((own, head) =>
      own.map((score, token) => ({ layer, head, token, score: token < sinks ? 9 : score })),
    ),
  );
  const slots = Math.floor(share * scores[0]![0]!.length);
  const best = rows.sort((a, b) => b.score - a.score).slice(0, slots * 4);
  return [0, 1].map((layer) =>
    [0, 1].map((head) =>
      best
        .filter((row) => row.layer === layer && row.head === head)
        .map(({ token }) => token)
        .sort((a, b) => a - b),
    ),
  );
}

const held = (cache: KVCache) =>
  [0, 1].map((layer) => [0, 1].map((head) => [...cache.tokens(layer, head)]));

describe('KVzip', () => {
  const cases = Array.from({ length: 24 }, (_, seed) => seed);
  it.each(cases)('keeps what its definition keeps, to the last slot: case %i', async (seed) => {
    const random = new Random(seed);
    const length = 12 + random.integer(40);
    const ids = Array.from({ length }, () => random.integer(23));
    const pieceLength = seed % 3 === 0 ? 2048 : 5 + random.integer(length);
    const [leadLength, sinks] = [random.integer(9), random.integer(5)];
    const share = 0.2 + 0.6 * random.uniform();
    const cache = decoder.createCache();
    await decoder.step([{ cache, input: { ids } }]);
    const kvzip = new KVzip(decoder, { prompt, pieceLength, leadLength, sinks });
    await kvzip.compress(cache, ids, { budget: { kind: 'share', share } });
    const scores = await slowScores(ids, pieceLength, leadLength);
    expect(held(cache)).toEqual(slowKept(scores, share, sinks));
    await decoder.step([{ cache, input: { ids: [1, 2, 3] } }]); // and it goes on
    expect(cache.seen).toBe(length + 3);
  });

  it('leaves a cache alone that it only scores, and one that it could not score', async () => {
    const ids = [3, 1, 4, 1, 5, 9, 2, 6];
    const cache = decoder.createCache();
    await decoder.step([{ cache, input: { ids } }]);
    const kvzip = new KVzip(decoder, { prompt });
    await kvzip.scores(cache, ids);
    await expect(kvzip.compress(cache, ids, { budget: '0%' })).rejects.toThrow(/budget/);
    await expect(kvzip.scores(cache, [1, 2])).rejects.toThrow(
      /2 tokens where the cache has read 8/,
    );
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(kvzip.compress(cache, ids, { budget: '50%', signal })).rejects.toThrow('enough');
    expect(held(cache).flat()).toEqual(Array(4).fill([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(cache.memory().bytes.shared).toBeGreaterThan(0); // forks were released, the cache lives on
  });

  it('serves several budgets from one repetition, as if each had its own', async () => {
    const ids = Array.from({ length: 30 }, (_, i) => (5 * i) % 23);
    const signal = new AbortController().signal;
    const cache = decoder.createCache();
    await decoder.step([{ cache, input: { ids } }]);
    const kvzip = new KVzip(decoder, { prompt, pieceLength: 20, leadLength: 2 });
    let loaded = 0;
    const contenders = kvzipContenders(
      async () => {
        loaded++;
        return kvzip;
      },
      ['50%', '20%'],
      { prompt, pieceLength: 20, leadLength: 2 },
    );
    expect(contenders.map(({ readsAgain }) => readsAgain(15))).toEqual([18, 18]);
    expect(contenders[0]!.readsAgain(21)).toBe(3 + 2 + 20);
    const text = Int32Array.from(ids);
    for (const { budget, afterReading } of contenders) {
      const [own, alone] = [cache.fork(), cache.fork()];
      await afterReading(own, text, { signal });
      await kvzip.compress(alone, ids, { budget });
      expect(held(own)).toEqual(held(alone));
      expect(held(own).flat(2).length).toBe(budget === '50%' ? 60 : 24);
    }
    const other = Int32Array.from(ids, (id) => (id + 1) % 23); // another text, another repetition
    const fresh = decoder.createCache();
    await decoder.step([{ cache: fresh, input: { ids: other } }]);
    const expected = fresh.fork();
    await kvzip.compress(expected, other, { budget: '50%' });
    await contenders[0]!.afterReading(fresh, other, {});
    expect(held(fresh)).toEqual(held(expected));
    expect(() => kvzip.keep(fresh, [[]], { budget: '50%' })).toThrow(/scores/);
    expect(loaded).toBe(3);
  });

  it('scores what sliding windows still hold', async () => {
    const windowed = await randomModel({ model_type: 'mistral', sliding_window: 8 });
    const small = await Decoder.load(windowed.folder, {
      probe: { kind: 'columnMaxima' },
      chunkSize: 4,
    });
    const ids = Array.from({ length: 20 }, (_, i) => (7 * i) % 23);
    const cache = small.createCache({ policy: full() });
    await small.step([{ cache, input: { ids } }]);
    const scores = await new KVzip(small, { prompt }).scores(cache, ids);
    for (const [layer, heads] of scores.entries()) {
      for (const [head, own] of heads.entries()) {
        expect(own.length).toBe(cache.length(layer, head));
        // The newest token is within the window of the first query of the prompt, the oldest is not.
        expect(own.at(-1)).toBeGreaterThan(0);
      }
    }
    await small.release();
    await windowed.remove();
  });

  it('needs the probe, a prompt, and options that it knows', async () => {
    expect(() => new KVzip(dense, { prompt })).toThrow(/columnMaxima/);
    expect(() => new KVzip(decoder, { prompt: [] })).toThrow(/prompt/);
    expect(() => new KVzip(decoder, { prompt, pieceLength: 0 })).toThrow(/pieceLength/);
    const misspelt = { prompt, sink: 3 };
    expect(() => new KVzip(decoder, misspelt)).toThrow(/Did you mean sinks/);
  });
});
