import { InvalidArgumentError } from '@namm/core';
import { type EvictionPolicy, KVCache, type SequenceModel } from '@namm/kv-cache';
import { expectUnknownOption } from '@namm/testing';
import { expect, it } from 'vitest';
import { namm, randomNamm, randomNammFor, SpectrumCollector } from './index.js';
import { pass, randomAttention, shape } from './testing/random-pass.js';

/** A model whose attention is random: what is measured is that of its caches, wherever they come from. */
function modelOf(seed: number, caches: KVCache[] = []) {
  const attention = randomAttention(seed);
  return {
    createCache({ policy }: { policy: EvictionPolicy }) {
      const cache = new KVCache(shape, { policy });
      caches.push(cache);
      return cache;
    },
    async step([item]: [{ cache: KVCache; input: { ids: ArrayLike<number> } }]) {
      for (let read = 0; read < item.input.ids.length; read += 16) {
        await pass(item.cache, 16, attention);
      }
    },
  } as unknown as SequenceModel<KVCache, EvictionPolicy>;
}

const ids = new Array<number>(64).fill(1);

it('is normalised on what the model does with the tokens, and leaves no cache behind', async () => {
  const caches: KVCache[] = [];
  const checkpoint = await randomNammFor(modelOf(1, caches), ids, { seed: 2, updateInterval: 32 });
  const collector = new SpectrumCollector({ updateInterval: 32 });
  const cache = new KVCache(shape, { policy: collector.policy });
  const attention = randomAttention(1);
  for (let read = 0; read < 64; read += 16) await pass(cache, 16, attention);
  const normaliser = collector.statistics.normaliser();
  expect(checkpoint).toEqual(randomNamm({ seed: 2, updateInterval: 32, normaliser }));
  expect(() => namm(checkpoint).start(shape)).not.toThrow();
  expect(caches).toHaveLength(1);
  expect(() => caches[0]!.fork()).toThrow('released');
});

it('refuses options that it does not know, and too little text', async () => {
  const options = { seed: 1, updateInterval: 32 };
  await expectUnknownOption((unknown) =>
    randomNammFor(modelOf(1), ids, { ...options, ...unknown } as never),
  );
  const short = randomNammFor(modelOf(1), ids.slice(0, 16), options);
  await expect(short).rejects.toThrow(InvalidArgumentError);
});
