import { join } from 'node:path';
import { InvalidArgumentError, Random } from '@namm/core';
import { CacheMismatchError, h2o } from '@namm/kv-cache';
import { openSafetensors, writeSafetensors } from '@namm/tensors';
import { type RandomModel, randomModel, readFolder } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decoder, type DecoderOptions, ModelFolderError } from '../src/index.js';
import { feed, largestDifference, quiet } from './helpers.js';

let model: RandomModel;
beforeAll(async () => {
  model = await randomModel({
    ...{ hidden_size: 64, intermediate_size: 96, head_dim: 16, num_attention_heads: 4 },
    ...{ attention_bias: true, tie_word_embeddings: true },
  });
  // Biases: they are joined as their matrices are.
  const path = join(model.folder, 'model.safetensors');
  const file = await openSafetensors(path);
  const random = new Random(9);
  const tensors: [string, { data: Float32Array; shape: number[] }][] = [];
  for (const { name, shape } of file.tensors.values()) {
    tensors.push([name, { data: await file.readFloat32(name), shape: [...shape] }]);
    if (!/self_attn\.._proj\.weight$/.test(name)) continue;
    const data = Float32Array.from({ length: shape[0]! }, () => random.normal());
    tensors.push([name.replace('weight', 'bias'), { data, shape: [shape[0]!] }]);
  }
  await writeSafetensors(path, tensors);
});
afterAll(() => model.remove());

const ids = Array.from({ length: 20 }, (_, i) => (5 * i + 3) % 23);

async function logitsWith(options: DecoderOptions): Promise<number[]> {
  const decoder = await Decoder.load(model.folder, { ...quiet, ...options });
  const logits = await feed(decoder, decoder.createCache(), ids);
  await decoder.release();
  return logits;
}

describe('a folder rounded at load', () => {
  it('answers nearly the same, in 8 bits more nearly than in 4', async () => {
    const expected = await logitsWith({});
    const spread = Math.max(...expected) - Math.min(...expected);
    const off = async (dtype: 'q8' | 'q4') =>
      largestDifference(await logitsWith({ dtype }), expected) / spread;
    const [eight, four] = [await off('q8'), await off('q4')];
    expect(eight).toBeGreaterThan(0);
    expect(eight).toBeLessThan(0.05);
    expect(four).toBeGreaterThan(2 * eight);
    expect(four).toBeLessThan(0.4);
    expect(await logitsWith({ dtype: 'fp32' })).toEqual(expected);
  });

  it.each(['q8', 'q4'] as const)('answers the same layer by layer, in %s', async (dtype) => {
    const expected = await logitsWith({ dtype });
    const actual = await logitsWith({ dtype, passes: 'layers' });
    expect(largestDifference(actual, expected)).toBeLessThan(1e-5);
  });

  it('answers the same where the rows of several sequences go through in pieces', async () => {
    const decoder = await Decoder.load(model.folder, { ...quiet, dtype: 'q8', passes: 'layers' });
    const items = [90, 100, 110].map((count, i) => ({
      ...{ cache: decoder.createCache(), outputs: 'all' as const },
      input: { ids: Array.from({ length: count }, (_, j) => (7 * j + i + (j >> 3)) % 23) },
    }));
    const together = await decoder.step(items);
    for (const [i, item] of items.entries()) {
      const [alone] = await decoder.step([{ ...item, cache: decoder.createCache() }]);
      expect(largestDifference(together[i]!.logits, alone!.logits)).toBeLessThan(1e-5);
    }
    await decoder.release();
  });

  it('evicts, and one token at a time is as all at once', async () => {
    const decoder = await Decoder.load(model.folder, {
      ...{ ...quiet, dtype: 'q4', chunkSize: 1 },
      probe: h2o({ budget: 6 }).probe,
    });
    const cache = () => decoder.createCache({ policy: h2o({ budget: 6 }) });
    const all = await feed(decoder, cache(), ids);
    const one = await feed(
      decoder,
      cache(),
      ids,
      ids.map(() => 1),
    );
    expect(one).toEqual(all);
    await decoder.release();
  });

  it('has caches of its own', async () => {
    const [rounded, exact] = [
      await Decoder.load(model.folder, { ...quiet, dtype: 'q8' }),
      await Decoder.load(model.folder, quiet),
    ];
    const path = join(model.folder, 'cache.safetensors');
    const cache = rounded.createCache();
    await feed(rounded, cache, ids);
    await cache.save(path);
    await expect(exact.restoreCache(path)).rejects.toThrow(CacheMismatchError);
    // What was fitted to the weights serves them however they are held.
    expect(rounded.cacheShape.weights).toBe(exact.cacheShape.weights);
    const restored = await rounded.restoreCache(path);
    expect(await feed(rounded, restored, [4])).toEqual(await feed(rounded, cache, [4]));
    await rounded.release();
    await exact.release();
  });

  it('stays float32 where rows are no multiple of 32', async () => {
    const odd = await randomModel();
    const load = async (dtype: 'q8' | 'fp32') => {
      const decoder = await Decoder.load(odd.folder, { ...quiet, dtype });
      const logits = await feed(decoder, decoder.createCache(), ids);
      await decoder.release();
      return logits;
    };
    expect(await load('q8')).toEqual(await load('fp32'));
    await odd.remove();
  });

  it('refuses what is no dtype', async () => {
    const load = Decoder.load(model.folder, { ...quiet, dtype: 'q5' as 'q4' });
    await expect(load).rejects.toThrow(InvalidArgumentError);
    await expect(load).rejects.toThrow(/dtype: 'q5' is not one of auto, fp32, q8, q4/);
  });
});

describe.each(['1.mlp.up_proj', '0.input_layernorm'])('NaN in %s', (part) => {
  it.each(['q8', 'q4'] as const)('is found when the model is loaded in %s', async (dtype) => {
    const spoilt = await randomModel({ hidden_size: 32, intermediate_size: 32, head_dim: 8 });
    const { tensors } = await readFolder(spoilt.folder);
    const entries = [...tensors].map(([name, { bytes, shape }]) => {
      const data = new Float32Array(bytes.slice().buffer);
      if (name.includes(part)) data[20] = Number.NaN;
      return [name, { data, shape: [...shape] }] as const;
    });
    await writeSafetensors(join(spoilt.folder, 'model.safetensors'), entries);
    const load = Decoder.load(spoilt.folder, { ...quiet, dtype });
    await expect(load).rejects.toThrow(ModelFolderError);
    await expect(load).rejects.toThrow(`${part}.weight is not finite`);
    await spoilt.remove();
  });
});
