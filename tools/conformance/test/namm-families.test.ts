import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decoder } from '@namm/decoder';
import type { KVCache } from '@namm/kv-cache';
import { namm, randomNammFor, SpectrumCollector } from '@namm/namm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestDifference } from '../src/largest-difference.js';

const fixtures = join(import.meta.dirname, '..', '..', '..', 'packages/decoder/test/__fixtures__');
const families = [
  'llama-base',
  'mistral-sliding',
  'qwen2-bf16',
  'qwen3',
  'smollm3',
  'phi3-partial',
  'olmo2',
  'gemma2',
  'gemma3-text',
  'gpt2-hub-names',
];
const ids = Array.from({ length: 70 }, (_, i) => (17 * i + 3 * (i % 7)) % 250);
const more = [5, 9, 200, 41, 7];
/** Otherwise short windows would leave a NAMM nothing to decide. */
const keepOutsideWindow = true;
const { probe } = new SpectrumCollector({ updateInterval: 32 }).policy;

let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'namm-families-test-'));
});
afterAll(() => rm(work, { recursive: true }));

async function feed(decoder: Decoder, cache: KVCache, tokens: readonly number[]) {
  const [result] = await decoder.step([{ cache, input: { ids: tokens }, outputs: 'all' }]);
  return result!.logits;
}

function held(cache: KVCache): number[][][] {
  return cache.shape.layers.map(({ keyValueHeads }, layer) =>
    Array.from({ length: keyValueHeads }, (_, head) => [...cache.tokens(layer, head)]),
  );
}

describe.each(families)('a NAMM on %s', (family) => {
  it('keeps all or some, in chunks or token by token, alone and beside others, forked and saved', async () => {
    const load = (chunkSize: number) =>
      Decoder.load(join(fixtures, family), {
        probe,
        chunkSize,
        threads: 1,
        ...(family.startsWith('gpt2') ? {} : { maximumPositions: 128 }),
      });
    const decoder = await load(32);
    const checkpoint = await randomNammFor(decoder, ids, { updateInterval: 32, seed: 8 });
    const plain = decoder.createCache({ keepOutsideWindow });
    const whole = await feed(decoder, plain, ids);
    const all = decoder.createCache({
      policy: namm(checkpoint, { scoreOffset: 1e6 }),
      keepOutsideWindow,
    });
    expect(await feed(decoder, all, ids)).toEqual(whole);
    expect(held(all)).toEqual(held(plain));

    const policy = namm(checkpoint, { storage: 'float32' });
    const cache = decoder.createCache({ policy, keepOutsideWindow });
    const logits = await feed(decoder, cache, ids);
    const kept = held(cache);
    expect(cache.memory().rows).toBeLessThan(plain.memory().rows);
    const [beside, other] = [
      decoder.createCache({ policy, keepOutsideWindow }),
      decoder.createCache({ policy, keepOutsideWindow }),
    ];
    const [first] = await decoder.step([
      { cache: beside, input: { ids }, outputs: 'all' },
      { cache: other, input: { ids: ids.slice(3, 50) } },
    ]);
    expect(first!.logits).toEqual(logits);
    expect(held(beside)).toEqual(kept);

    const path = join(work, `${family}.safetensors`);
    await cache.save(path);
    const copies = [cache.fork(), await decoder.restoreCache(path, { policy })];
    const wanted = await feed(decoder, cache, more);
    for (const copy of copies) {
      const logits = await feed(decoder, copy, more);
      // A fork's rows lie in two pieces, and are summed in another order.
      expect(largestDifference(logits, wanted)).toBeLessThan(1e-5);
      expect(held(copy)).toEqual(held(cache));
    }
    await decoder.release();

    const single = await load(1);
    const slow = single.createCache({ policy, keepOutsideWindow });
    expect(largestDifference(await feed(single, slow, ids), logits)).toBeLessThan(1e-4);
    expect(held(slow)).toEqual(kept);
    await single.release();
  });
});
