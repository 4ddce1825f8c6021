import { join } from 'node:path';
import { h2o, sinkRecent } from '@namm/kv-cache';
import { hybridConfig, type RandomModel, randomModel } from '@namm/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigReader, checkSpec, Decoder, openModelFolder, readSpec } from '../src/index.js';
import { rowsOfTaps } from '../src/step/state-inputs.js';
import { feed, largestDifference, quiet } from './helpers.js';
import { referenceLogits } from './reference-decoder.js';

const config = { ...hybridConfig, tie_word_embeddings: false };
const ids = Array.from({ length: 30 }, (_, i) => (7 * i + 3) % 23);

describe('a model with layers without rows', () => {
  let model: RandomModel;
  let decoder: Decoder;
  const policy = h2o({ budget: 5 });
  beforeAll(async () => {
    model = await randomModel(config);
    decoder = await Decoder.load(model.folder, { ...quiet, chunkSize: 7, probe: policy.probe });
  });
  afterAll(async () => {
    await decoder.release();
    await model.remove();
  });

  it('caches rows of the layers with an attention, and a state of each other one', () => {
    const { layers, states } = decoder.cacheShape;
    expect(layers).toHaveLength(2);
    expect(states).toEqual(new Array(4).fill({ size: 2 * 16 }));
    expect(decoder.createCache().memory().bytes.used).toBe(4 * 2 * 16 * 4);
  });

  it('gives the logits of the reference under a policy, whose rows alone are evicted', async () => {
    const cache = decoder.createCache({ policy });
    const held: ReadonlySet<number>[][][] = [];
    const logits: number[] = [];
    for (const id of ids) {
      held.push(
        cache.shape.layers.map(({ keyValueHeads }, layer) =>
          Array.from({ length: keyValueHeads }, (_, head) => new Set(cache.tokens(layer, head))),
        ),
      );
      logits.push(...(await feed(decoder, cache, [id])));
    }
    const gone = (layer: number, head: number, query: number, key: number) =>
      key < query && !held[query]![layer]![head]!.has(key);
    const weights = join(model.folder, 'model.safetensors');
    const expected = await referenceLogits(weights, decoder.spec, ids, gone);
    expect(largestDifference(logits, expected.flat())).toBeLessThan(1e-4);
    expect(cache.memory().keptPerHead.flat()).toEqual([5, 5, 5, 5]);
  });

  it('goes on in forks from the states of their moment, through files too', async () => {
    const cache = decoder.createCache({ policy: sinkRecent({ budget: 8, sinks: 2 }) });
    await feed(decoder, cache, ids.slice(0, 11));
    const fork = cache.fork();
    await feed(decoder, cache, [1, 2, 3]);
    const straight = decoder.createCache({ policy: sinkRecent({ budget: 8, sinks: 2 }) });
    await feed(decoder, straight, ids.slice(0, 11));
    const rest = ids.slice(11, 20);
    expect(await feed(decoder, fork, rest)).toEqual(await feed(decoder, straight, rest));
    // The very same rows with the states of another moment give something else.
    const other = cache.fork();
    expect(other.states).not.toEqual(straight.states);
  });

  it('leaves states as they were when a pass computes what is not finite', async () => {
    const cache = decoder.createCache();
    await feed(decoder, cache, ids);
    const before = cache.states;
    const embeddings = new Float32Array(16).fill(Number.NaN);
    await expect(decoder.step([{ cache, input: { embeddings } }])).rejects.toThrow('finite');
    expect(cache.states).toBe(before);
    expect(cache.seen).toBe(ids.length);
  });

  it.each(['q8', 'q4'] as const)('runs with its matrices in %s', async (dtype) => {
    const wide = await randomModel({
      ...config,
      hidden_size: 32,
      intermediate_size: 64,
      head_dim: 8,
    });
    const load = (as: 'fp32' | 'q8' | 'q4') =>
      Decoder.load(wide.folder, { ...quiet, dtype: as, preparedWeights: null });
    const [exact, few] = [await load('fp32'), await load(dtype)];
    const [a, b] = [
      await feed(exact, exact.createCache(), ids),
      await feed(few, few.createCache(), ids),
    ];
    const deviation = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0) / a.length);
    const off = Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0) / a.length);
    expect(off / deviation).toBeLessThan(dtype === 'q8' ? 0.15 : 0.7);
    expect(off).toBeGreaterThan(0);
    for (const each of [exact, few]) await each.release();
    await wide.remove();
  });
});

describe('the rows that taps read', () => {
  it('are those of a convolution over each sequence alone', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 2, max: 5 }), (all, taps) => {
        // Rows say what they are: of which sequence, and which token; kept ones are the tokens before 0.
        const rows: string[] = [];
        for (const part of all.keys())
          for (let back = taps - 1; back > 0; back--) rows.push(`${part}:${-back}`);
        const fresh = all.flatMap((count, part) =>
          Array.from({ length: count }, (_, token) => ({ part, token })),
        );
        rows.push(...fresh.map(({ part, token }) => `${part}:${token}`));
        const { read, kept } = rowsOfTaps(all, taps);
        const expected: string[] = [];
        for (let tap = 0; tap < taps; tap++) {
          for (const { part, token } of fresh) expected.push(`${part}:${token - (taps - 1 - tap)}`);
        }
        expect(Array.from(read, (row) => rows[row])).toEqual(expected);
        const stay = all.flatMap((count, part) =>
          Array.from({ length: taps - 1 }, (_, i) => `${part}:${count - (taps - 1) + i}`),
        );
        expect(Array.from(kept, (row) => rows[row])).toEqual(stay);
      }),
    );
  });
});

describe('what cannot be', () => {
  const read = (changes: Record<string, unknown>) =>
    readSpec(
      new ConfigReader('config.json', {
        ...{ vocab_size: 23, hidden_size: 16, intermediate_size: 24, num_attention_heads: 4 },
        ...{ num_key_value_heads: 2, head_dim: 6, ...config, ...changes },
      }),
      () => true,
    );

  it.each<[string, Record<string, unknown>]>([
    ["layer_types: 'mamba' is none of", { layer_types: new Array(6).fill('mamba') }],
    ['layer_types: no layer has an attention', { layer_types: new Array(6).fill('conv') }],
    ['full_attn_idxs: no layer has an attention', { layer_types: null, full_attn_idxs: [] }],
    ['conv_L_cache', { conv_L_cache: 0 }],
    ['conv_L_cache', { conv_L_cache: 1 }],
    ['block_multiple_of', { block_auto_adjust_ff_dim: true, block_multiple_of: 0 }],
  ])('is refused: %s', (message, changes) => {
    expect(() => read(changes)).toThrow(message);
  });

  it('is refused in a spec that was written by hand', async () => {
    const model = await randomModel(config);
    const { config: reader, weights } = await openModelFolder(model.folder);
    const spec = readSpec(reader, (name) => weights.has(name));
    const [first, second] = spec.layers;
    const bad: [string, object][] = [
      [
        'spec.layers[0].convolution.taps',
        { ...first, convolution: { ...first!.convolution, taps: 1 } },
      ],
      ['spec.layers[0]: has an attention and', { ...first, attention: second!.attention }],
      ['spec.layers[0]: lacks', { ...first, convolution: undefined }],
    ];
    for (const [message, layer] of bad) {
      const layers = [layer, ...spec.layers.slice(1)] as typeof spec.layers;
      expect(() => checkSpec({ ...spec, layers })).toThrow(message);
    }
    expect(() => checkSpec({ ...spec, layers: [first!] })).toThrow('none has an attention');
    await model.remove();
  });
});
