import { Decoder, greedy } from '@namm/decoder';
import { full, type KVCache, keyDiff } from '@namm/kv-cache';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StepTogether } from './step-together.js';

let files: RandomModel;
let decoder: Decoder;
beforeAll(async () => {
  files = await randomModel();
  decoder = await Decoder.load(files.folder, { threads: 1 });
});
afterAll(async () => {
  await decoder.release();
  await files.remove();
});

async function caches(): Promise<KVCache[]> {
  const all = [full(), keyDiff({ budget: 6 }), full(), keyDiff({ budget: 4 })].map((policy) =>
    decoder.createCache({ policy }),
  );
  for (const [i, cache] of all.entries()) {
    await decoder.step([{ cache, input: { ids: [1, 2 + i, 3, 4, 5, 6 + i, 7] } }]);
  }
  return all;
}

async function write(model: Parameters<typeof greedy>[0], cache: KVCache, count: number) {
  const ids: number[] = [];
  for await (const id of greedy(model as Decoder, cache, [9])) {
    ids.push(id);
    if (ids.length === count) break;
  }
  return ids;
}

it('makes one step of what sequences ask for side by side, of any length, with the same results', async () => {
  let steps = 0;
  const counting = new Proxy(decoder, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== 'step') return typeof value === 'function' ? value.bind(target) : value;
      return (...given: Parameters<Decoder['step']>) => {
        steps++;
        return target.step(...given);
      };
    },
  });
  const together = new StepTogether(counting);
  const own = await caches();
  const answers = await Promise.all(own.map((cache, i) => write(together, cache, 5 + i)));
  expect(answers.map(({ length }) => length)).toEqual([5, 6, 7, 8]);
  expect(steps).toBe(8);
  const alone: number[][] = [];
  for (const [i, cache] of (await caches()).entries()) {
    alone.push(await write(decoder, cache, 5 + i));
  }
  expect(answers).toEqual(alone);
});

it('fails for all that wait for a step, and goes on with the next', async () => {
  const together = new StepTogether(decoder);
  const [first, second] = await caches();
  const bad = { cache: first!, input: { ids: [-1] } };
  const good = { cache: second!, input: { ids: [1] } };
  const ended = await Promise.allSettled([together.step([bad]), together.step([good])]);
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect((await together.step([good]))[0]!.logits.length).toBeGreaterThan(0);
  expect(together.cacheShape).toBe(decoder.cacheShape);
});
