import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheMismatchError, createPolicy, h2o, type Probe, policyNames } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decoder } from '../src/index.js';
import { feed, quiet, slotsAt } from './helpers.js';

const folderOf = (name: string) => join(import.meta.dirname, '__fixtures__', name);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-saved-caches-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Those that the classic policies ask for. */
const probes: readonly Probe[] = [
  { kind: 'none' },
  { kind: 'columnSums' },
  { kind: 'lastQueries', count: 32 },
];
const prompt = Array.from({ length: 40 }, (_, i) => (17 * i + 3) % 61);
const next = Array.from({ length: 9 }, (_, i) => (29 * i + 5) % 61);

const folders = ['llama-base', 'gemma3-text', 'gpt2-hub-names', 'lfm2'];
describe.each(folders)('a saved cache of %s', (name) => {
  it('gives the same logits to the last bit, under every policy and with uneven heads', async () => {
    for (const probe of probes) {
      const decoder = await Decoder.load(folderOf(name), { ...quiet, chunkSize: 8, probe });
      for (const policyName of policyNames) {
        const policy = createPolicy(policyName, { budget: 20, seed: 3 });
        if (policy.probe.kind !== probe.kind) continue;
        const cache = decoder.createCache({ policy });
        await feed(decoder, cache, prompt);
        cache.keep(slotsAt(cache, (layer, head, position) => (position + layer) % (head + 3) > 0));
        await feed(decoder, cache, next);
        const path = join(folder, `${name}.safetensors`);
        await cache.save(path);
        const restored = await decoder.restoreCache(path, { policy });
        const logits = await feed(decoder, cache, next, [5, 1, 1, 1, 1]);
        expect(await feed(decoder, restored, next, [5, 1, 1, 1, 1]), policyName).toEqual(logits);
        expect(restored.memory().keptPerHead).toEqual(cache.memory().keptPerHead);
      }
      await decoder.release();
    }
  });
});

it('is refused by another model, and under another policy', async () => {
  const [llama, olmo] = await Promise.all(
    ['llama-base', 'olmo2'].map((name) => Decoder.load(folderOf(name), quiet)),
  );
  const cache = llama!.createCache();
  await feed(llama!, cache, prompt);
  const path = join(folder, 'foreign.safetensors');
  await cache.save(path);
  await expect(olmo!.restoreCache(path)).rejects.toThrow(CacheMismatchError);
  await expect(olmo!.restoreCache(path)).rejects.toThrow(/foreign.safetensors: .* model/);
  const other = { policy: h2o({ budget: 8 }) };
  await expect(llama!.restoreCache(path, other)).rejects.toThrow(CacheMismatchError);
  await llama!.release();
  await olmo!.release();
});
