import { join } from 'node:path';
import { Random } from '@namm/core';
import { h2o } from '@namm/kv-cache';
import { hybridConfig, type RandomModel, randomModel } from '@namm/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decoder } from '../src/index.js';
import type { PassKind } from '../src/step/pass-kind.js';
import { feed, largestDifference, quiet, slotsAt } from './helpers.js';
import { referenceLogits } from './reference-decoder.js';

/** Float32 against double precision, or float32 sums in another order. */
const tolerance = 1e-4;

const tokens = fc.array(fc.integer({ min: 0, max: 22 }), { minLength: 1, maxLength: 20 });

/** Cuts a length into random pieces. */
function pieces(length: number, random: Random): number[] {
  const result: number[] = [];
  for (let left = length; left > 0; ) {
    const piece = 1 + random.integer(left);
    result.push(piece);
    left -= piece;
  }
  return result;
}

describe.each<[string, Record<string, unknown>, PassKind]>([
  ['full attention', {}, 'whole'],
  ['a sliding window', { model_type: 'mistral', sliding_window: 5 }, 'whole'],
  ['a sliding window', { model_type: 'mistral', sliding_window: 5 }, 'layers'],
  ['one KV head, no RoPE scaling', { num_key_value_heads: 1, head_dim: 8 }, 'whole'],
  ['dynamic NTK below its limit', { rope_scaling: { type: 'dynamic', factor: 2 } }, 'whole'],
  ['convolutions beside attentions', { ...hybridConfig, tie_word_embeddings: false }, 'whole'],
  ['convolutions beside attentions', { ...hybridConfig, tie_word_embeddings: false }, 'layers'],
  ['linear RoPE', { rope_scaling: { type: 'linear', factor: 3 } }, 'layers'],
])('a random model with %s, %o, passes: %s', (_, config, passes) => {
  let model: RandomModel;
  let decoder: Decoder;
  beforeAll(async () => {
    model = await randomModel(config);
    decoder = await Decoder.load(model.folder, { ...quiet, passes, chunkSize: 6 });
  });
  afterAll(async () => {
    await decoder.release();
    await model.remove();
  });
  const reference = (ids: readonly number[], evicted?: Parameters<typeof referenceLogits>[3]) =>
    referenceLogits(join(model.folder, 'model.safetensors'), decoder.spec, ids, evicted);

  it('gives the logits of the plain reference however the tokens are cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(tokens, fc.nat(), async (ids, seed) => {
        const cache = decoder.createCache();
        const logits = await feed(decoder, cache, ids, pieces(ids.length, new Random(seed)));
        const expected = (await reference(ids)).flat();
        expect(largestDifference(logits, expected)).toBeLessThan(tolerance);
      }),
      { numRuns: 15 },
    );
  });

  it('treats a ragged cache like dense attention with the evicted entries masked', async () => {
    await fc.assert(
      fc.asyncProperty(tokens, tokens, fc.nat(), async (prompt, next, seed) => {
        const kept = new Map<string, boolean>();
        const random = new Random(seed);
        const keeps = (layer: number, head: number, position: number) => {
          const key = `${layer}/${head}/${position}`;
          if (!kept.has(key)) kept.set(key, random.uniform() < 0.5);
          return kept.get(key)!;
        };
        const cache = decoder.createCache();
        await feed(decoder, cache, prompt);
        cache.keep(slotsAt(cache, keeps));
        const logits = await feed(decoder, cache, next, pieces(next.length, random));
        const expected = await reference(
          [...prompt, ...next],
          (layer, head, query, key) =>
            query >= prompt.length && key < prompt.length && !keeps(layer, head, key),
        );
        const after = expected.slice(prompt.length).flat();
        expect(largestDifference(logits, after)).toBeLessThan(tolerance);
      }),
      { numRuns: 15 },
    );
  });

  it('computes a sequence alone as it does beside others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tokens, { minLength: 2, maxLength: 4 }), async (sequences) => {
        const together = await decoder.step(
          sequences.map((ids) => ({ cache: decoder.createCache(), input: { ids } })),
        );
        for (const [i, ids] of sequences.entries()) {
          const item = { cache: decoder.createCache(), input: { ids } };
          const [alone] = await decoder.step([item]);
          const off = largestDifference(alone!.logits, together[i]!.logits);
          // Products of more rows may add up in another order.
          if (passes === 'layers') expect(off).toBeLessThan(1e-5);
          else expect(off).toBe(0);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('gives the same with a graph for small passes, in forks and with rows evicted', async () => {
    const small = await Decoder.load(model.folder, { ...quiet, chunkSize: 6, passes: 'small' });
    const answersOf = async (of: Decoder) => {
      const origin = of.createCache();
      const logits = [await feed(of, origin, [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5])];
      const fork = origin.fork();
      logits.push(await feed(of, fork, [8, 9, 7]));
      fork.keep(slotsAt(fork, (_, head, position) => (position + head) % 2 === 0));
      for (const cache of [fork, origin, fork.fork()]) {
        logits.push(await feed(of, cache, [9, 3, 2, 3], [1, 3]));
      }
      return logits.flat();
    };
    expect(largestDifference(await answersOf(small), await answersOf(decoder))).toBeLessThan(1e-5);
    await small.release();
  });

  it('keeps a fork independent of its origin, over rows that both share', async () => {
    await fc.assert(
      fc.asyncProperty(tokens, tokens, tokens, async (prompt, left, right) => {
        const origin = decoder.createCache({ keepOutsideWindow: true });
        await feed(decoder, origin, prompt);
        const fork = origin.fork();
        const leftLogits = await feed(decoder, origin, left);
        const rightLogits = await feed(decoder, fork, right);
        expect(fork.segments(0, 0).shared.keys.numbers).toEqual(
          origin.segments(0, 0).shared.keys.numbers,
        );
        expect(fork.segments(0, 0).shared.keys.numbers).toHaveLength(
          prompt.length * decoder.cacheShape.layers[0]!.headSize,
        );
        for (const [ids, logits] of [
          [left, leftLogits],
          [right, rightLogits],
        ] as const) {
          const fresh = decoder.createCache();
          await feed(decoder, fresh, prompt);
          expect(largestDifference(await feed(decoder, fresh, ids), logits)).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 8 },
    );
  });
});

describe.each([
  ['dynamic NTK', { type: 'dynamic', factor: 8 }],
  ['LongRoPE', { type: 'longrope', short_factor: [1, 2, 3], long_factor: [4, 5, 6] }],
])('%s beyond its trained positions', (_, scaling) => {
  it('gives the same logits however one input is cut into chunks', async () => {
    const positions = { max_position_embeddings: 24, original_max_position_embeddings: 8 };
    const model = await randomModel({ ...positions, rope_scaling: scaling });
    const ids = Array.from({ length: 40 }, (_, i) => i % 23);
    const logits: number[][] = [];
    for (const chunkSize of [40, 7]) {
      const options = { ...quiet, chunkSize, maximumPositions: 64 };
      const decoder = await Decoder.load(model.folder, options);
      logits.push(await feed(decoder, decoder.createCache(), ids));
      await decoder.release();
    }
    expect(largestDifference(logits[1]!, logits[0]!)).toBeLessThan(tolerance);
    await model.remove();
  });
});

describe('an evicting policy', () => {
  it('holds its budget after every forward and lets a fork evict for itself', async () => {
    const model = await randomModel();
    const policy = h2o({ budget: 4 });
    const decoder = await Decoder.load(model.folder, {
      ...quiet,
      chunkSize: 3,
      probe: policy.probe,
    });
    await fc.assert(
      fc.asyncProperty(tokens, tokens, async (prompt, next) => {
        const cache = decoder.createCache({ policy });
        const holds = () => {
          const { keptPerHead } = cache.memory();
          for (const kept of keptPerHead.flat()) expect(kept).toBeLessThanOrEqual(4);
        };
        for (const id of prompt) {
          await feed(decoder, cache, [id]);
          holds();
        }
        const fork = cache.fork();
        const logits = await feed(decoder, cache, next);
        holds();
        expect(await feed(decoder, fork, next)).toEqual(logits);
      }),
      { numRuns: 10 },
    );
    await decoder.release();
    await model.remove();
  });
});
