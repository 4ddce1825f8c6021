import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPolicy, h2oScorer, type KVCache, policyNames, scoredPolicy } from '@namm/kv-cache';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Decoder } from '../src/index.js';
import { feed, quiet } from './helpers.js';

const path = join(import.meta.dirname, '__fixtures__', 'llama-base');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-decide-after-'));
});
afterAll(() => rm(folder, { recursive: true }));

const prompt = Array.from({ length: 45 }, (_, i) => (17 * i + 3) % 250);
const held = (cache: KVCache) =>
  cache.shape.layers.map(({ keyValueHeads }, layer) =>
    Array.from({ length: keyValueHeads }, (_, head) => [...cache.tokens(layer, head)]),
  );

it('keeps of a prompt read in chunks what every policy keeps of it read at once', async () => {
  const decoders = new Map<string, { chunks: Decoder; whole: Decoder }>();
  for (const name of policyNames) {
    const policy = createPolicy(name, { budget: name === 'full' ? 1 : 12, seed: 3 });
    const key = JSON.stringify(policy.probe);
    const options = { ...quiet, probe: policy.probe };
    const pair = decoders.get(key) ?? {
      chunks: await Decoder.load(path, { ...options, chunkSize: 8 }),
      whole: await Decoder.load(path, { ...options, chunkSize: 64 }),
    };
    decoders.set(key, pair);
    const waiting = pair.chunks.createCache({ policy, decideAfter: 'prompt' });
    const whole = pair.whole.createCache({ policy });
    await feed(pair.chunks, waiting, prompt);
    await feed(pair.whole, whole, prompt);
    expect(held(waiting), name).toEqual(held(whole));
    // From here on each token is an input of its own, and the budget holds after it.
    await feed(pair.chunks, waiting, [5, 6, 7], [1, 1, 1]);
    await feed(pair.whole, whole, [5, 6, 7], [1, 1, 1]);
    expect(held(waiting), name).toEqual(held(whole));
  }
  for (const { chunks, whole } of decoders.values()) {
    await chunks.release();
    await whole.release();
  }
});

it('holds the whole prompt until its end, also in a fork and in a file', async () => {
  const policy = createPolicy('h2o', { budget: 12 });
  const decoder = await Decoder.load(path, { ...quiet, probe: policy.probe, chunkSize: 8 });
  const cache = decoder.createCache({ policy, decideAfter: 'prompt' });
  const rows: number[] = [];
  const onProgress = () => rows.push(cache.length(0, 0));
  await decoder.step([{ cache, input: { ids: prompt } }], { onProgress });
  expect(rows).toEqual([8, 16, 24, 32, 40, 12]);
  const file = join(folder, 'cache.safetensors');
  await cache.save(file);
  const copies = [cache.fork(), await decoder.restoreCache(file, { policy })];
  for (const copy of [cache, ...copies]) {
    const lengths: number[] = [];
    const progress = () => lengths.push(copy.length(0, 0));
    await decoder.step([{ cache: copy, input: { ids: prompt.slice(0, 19) } }], {
      onProgress: progress,
    });
    expect(lengths).toEqual([15, 23, 12]);
    expect(held(copy)).toEqual(held(cache));
  }
  await decoder.release();
});

it('is refused with a policy that chooses at intervals', async () => {
  const policy = scoredPolicy({ scorer: h2oScorer(), budget: 12, updateInterval: 8 });
  const decoder = await Decoder.load(path, { ...quiet, probe: policy.probe });
  const create = () => decoder.createCache({ policy, decideAfter: 'prompt' });
  expect(create).toThrow(/decideAfter: 'h2o' chooses every 8 tokens/);
  const unknown = () => decoder.createCache({ decideAfter: 'never' as 'prompt' });
  expect(unknown).toThrow(/decideAfter/);
  await decoder.release();
});
