import { Random } from '@namm/core';
import {
  type EvictionPolicy,
  full,
  h2o,
  type KVCache,
  type StepItem,
  sinkRecent,
} from '@namm/kv-cache';
import { hybridConfig, type RandomModel, randomModel } from '@namm/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decoder, NonFiniteError } from '../src/index.js';
import { planPasses } from '../src/step/plan-passes.js';
import { feed, largestDifference, quiet } from './helpers.js';

/** Products of more rows may add up in another order. */
const tolerance = 1e-5;

/** A model that goes layer by layer. */
async function loadModel(config: Readonly<Record<string, unknown>>) {
  const model = await randomModel(config);
  const options = { ...quiet, passes: 'layers', chunkSize: 6 } as const;
  const probe = { kind: 'columnSums' } as const;
  return { model, decoder: await Decoder.load(model.folder, { ...options, probe }) };
}

const policies: Readonly<Record<string, () => EvictionPolicy>> = {
  full: () => full(),
  h2o: () => h2o({ budget: 5 }),
  sinkRecent: () => sinkRecent({ budget: 7, sinks: 2 }),
};

/** One sequence: what it has read, whether a fork goes on, and what it is fed. */
const sequences = fc.record({
  policy: fc.constantFrom(...Object.keys(policies)),
  before: fc.integer({ min: 0, max: 14 }),
  isFork: fc.boolean(),
  count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20 })),
  isRows: fc.boolean(),
  outputs: fc.constantFrom('last', 'all', 'none'),
  seed: fc.nat(),
});
type Sequence = typeof sequences extends fc.Arbitrary<infer T> ? T : never;

async function itemOf(decoder: Decoder, sequence: Sequence): Promise<StepItem<KVCache>> {
  const random = new Random(sequence.seed);
  const ids = (count: number) => Array.from({ length: count }, () => random.integer(23));
  let cache = decoder.createCache({ policy: policies[sequence.policy]!() });
  if (sequence.before > 0) await feed(decoder, cache, ids(sequence.before));
  if (sequence.isFork) cache = cache.fork();
  const { outputs, count, isRows } = sequence;
  const rows = () => Float32Array.from({ length: count * 16 }, () => random.normal());
  const input = isRows ? { embeddings: rows() } : { ids: ids(count) };
  return { cache, input, outputs: outputs as 'last' | 'all' | 'none' };
}

function positionsOf({ cache }: StepItem<KVCache>): number[][] {
  return cache.shape.layers.flatMap(({ keyValueHeads }, layer) =>
    Array.from({ length: keyValueHeads }, (_, head) => [...cache.positions(layer, head)]),
  );
}

describe.each([
  ['sliding windows', { model_type: 'mistral', sliding_window: 9 }],
  ['layers without rows', { ...hybridConfig, tie_word_embeddings: false }],
])('sequences of one step of a model with %s', (_, config) => {
  let model: RandomModel;
  let decoder: Decoder;
  beforeAll(async () => {
    ({ model, decoder } = await loadModel(config));
  });
  afterAll(async () => {
    await decoder.release();
    await model.remove();
  });

  it('get what each gets alone, however many tokens they have, and keep the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sequences, { minLength: 2, maxLength: 11 }), async (all) => {
        const [together, alone] = [
          await Promise.all(all.map((own) => itemOf(decoder, own))),
          await Promise.all(all.map((own) => itemOf(decoder, own))),
        ];
        const results = await decoder.step(together);
        for (const [i, item] of alone.entries()) {
          const [expected] = await decoder.step([item]);
          const { logits, hidden } = results[i]!;
          expect(largestDifference(logits, expected!.logits)).toBeLessThan(tolerance);
          expect(largestDifference(hidden, expected!.hidden)).toBeLessThan(tolerance);
          expect(positionsOf(together[i]!)).toEqual(positionsOf(item));
          for (const [n, state] of item.cache.states.entries()) {
            const other = together[i]!.cache.states[n]!;
            expect(largestDifference(other, state)).toBeLessThan(tolerance);
          }
        }
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  it.each(['fp16', 'int8'] as const)(
    'get what each gets alone from caches in %s',
    async (dtype) => {
      const own = await Decoder.load(model.folder, {
        ...quiet,
        passes: 'layers',
        cacheDtype: dtype,
      });
      const start = () =>
        Promise.all(
          Array.from({ length: 9 }, async (_, i) => {
            const cache = own.createCache();
            await feed(own, cache, [i, 5, 7, 11].slice(0, 1 + (i % 4)));
            return { cache, input: { ids: i % 2 ? [3] : [2, 9, 4] } };
          }),
        );
      const alone = await start();
      const results = await own.step(await start());
      for (const [i, item] of alone.entries()) {
        const [expected] = await own.step([item]);
        expect(largestDifference(results[i]!.logits, expected!.logits)).toBeLessThan(tolerance);
      }
      await own.release();
    },
  );

  it('stay as they are when one of them computes NaN', async () => {
    const good = decoder.createCache();
    const bad = decoder.createCache();
    const broken = new Float32Array(16).fill(Number.NaN);
    const step = decoder.step([
      { cache: good, input: { ids: [1, 2] } },
      { cache: bad, input: { embeddings: broken } },
    ]);
    await expect(step).rejects.toThrow(NonFiniteError);
    expect([good.seen, bad.seen]).toEqual([0, 0]);
    await decoder.step([{ cache: good, input: { ids: [1] } }]);
  });

  it('stop between passes, each where it is by then', async () => {
    const [long, short] = [decoder.createCache(), decoder.createCache()];
    const abort = new AbortController();
    const told: number[] = [];
    const onProgress = ({ done }: { done: number }) => {
      told.push(done);
      if (done > 9) abort.abort();
    };
    const ids = Array.from({ length: 20 }, (_, i) => i);
    const step = decoder.step(
      [
        { cache: long, input: { ids } },
        { cache: short, input: { ids: [3] } },
      ],
      { onProgress, signal: abort.signal },
    );
    await expect(step).rejects.toThrow('aborted');
    expect(told).toEqual([7, 13]);
    expect([long.seen, short.seen]).toEqual([12, 1]);
  });
});

describe('the plan of a step', () => {
  const counts = (all: readonly number[][]) => all.map((own) => own.map((count) => ({ count })));
  const planned = (all: readonly number[][], rows: number) =>
    planPasses(counts(all), rows).map((pass) => pass.map(({ item, index }) => `${item}.${index}`));

  it('goes item by item where a pass takes one', () => {
    expect(planned([[6, 2], [1]], 0)).toEqual([['0.0'], ['0.1'], ['1.0']]);
  });

  it('packs chunks of all items, single tokens along with them', () => {
    expect(planned([[6, 2], [1], [4, 6], [1], [2]], 6)).toEqual([
      ['0.0'],
      ['2.0', '4.0', '1.0', '3.0'],
      ['0.1'],
      ['2.1'],
    ]);
    expect(planned([[1], [1], [1]], 2)).toEqual([['0.0', '1.0', '2.0']]);
    expect(planned([], 6)).toEqual([]);
  });
});
