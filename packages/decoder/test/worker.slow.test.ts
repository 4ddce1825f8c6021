import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { heldTokens, type ProgressEvent } from '@namm/core';
import {
  createPolicy,
  h2o,
  RetentionRecorder,
  type RetentionTexts,
  type SequenceCache,
  type SequenceInput,
  type SequenceModel,
  type StepItem,
  snapKV,
} from '@namm/kv-cache';
import { hybridConfig, inFolder } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decoder, type DecoderWorker, greedy } from '../src/index.js';
import { quiet } from './helpers.js';
import { Blocker, setUpWorkers, testPolicy, tokens } from './worker-setup.js';

const setup = setUpWorkers();
const probe = { kind: 'lastQueries', count: 32 } as const;
const chunkSize = 16;

let worker: DecoderWorker;
let decoder: Decoder;
beforeAll(async () => {
  worker = await setup.load({ chunkSize, probe });
  decoder = await Decoder.load(setup.folder, { ...quiet, chunkSize, probe });
});
afterAll(() => decoder.release());

/** Everything a sequence gives that is read in pieces, whether the model is here or in a worker. */
async function readAll<Cache extends SequenceCache<Cache>>(
  model: SequenceModel<Cache>,
  cache: Cache,
  inputs: readonly SequenceInput[],
) {
  const results = [];
  for (const input of inputs) {
    for (const outputs of ['all', 'last', 'none'] as const) {
      const progress: ProgressEvent[] = [];
      const onProgress = (event: ProgressEvent) => progress.push(event);
      const [result] = await model.step([{ cache, input, outputs }], { onProgress });
      results.push({ ...result, progress, seen: cache.seen, memory: await cache.memory() });
    }
  }
  return results;
}

const pieces = [1, 40, 3].map((count) => ({ ids: tokens(count) }));

describe('a model with layers without rows in a worker', () => {
  const hybrid = setUpWorkers({
    ...hybridConfig,
    tie_word_embeddings: false,
    max_position_embeddings: 512,
  });

  it('gives the same bits, in forks and through files too', async () => {
    const there = await hybrid.load({ chunkSize, probe });
    const here = await Decoder.load(hybrid.folder, { ...quiet, chunkSize, probe });
    const own = here.createCache({ policy: createPolicy('tova', { budget: 17 }) });
    const policy = hybrid.policy('tova', { budget: 17 });
    const remote = await there.createCache({ policy });
    expect(await readAll(there, remote, pieces)).toEqual(await readAll(here, own, pieces));
    expect(remote.shape).toEqual(own.shape);
    const [fork, ownFork] = [await remote.fork(), own.fork()];
    expect(await readAll(there, fork, pieces)).toEqual(await readAll(here, ownFork, pieces));
    await inFolder(async (folder) => {
      const path = join(folder, 'cache.safetensors');
      await remote.save(path);
      const restored = await there.restoreCache(path, { policy });
      expect(await readAll(there, restored, pieces)).toEqual(await readAll(here, own, pieces));
    });
    await here.release();
  });
});

describe('a model in a worker', () => {
  it('is described as the same model is here', () => {
    const { spec, chunkSize: size, cacheShape, probe: offered } = decoder;
    expect({ ...worker }).toEqual({ spec, probe: offered, chunkSize: size, cacheShape });
  });

  it.each([
    ['full', 'full', 'full', {}],
    ['sink-recent', 'sink-recent', 'sinkRecent', { budget: 12 }],
    ['random', 'random', 'random', { budget: '40%', seed: 3 }],
    ['l2', 'l2', 'l2Norm', { budget: 9 }],
    ['keydiff', 'keydiff', 'keyDiff', { budget: '2kB' }],
    ['tova', 'tova', 'tova', { budget: 17 }],
    ['snapkv', 'snapkv', 'snapKV', { budget: 20 }],
  ])('gives the same bits under %s', async (_, name, factory, options) => {
    const here = decoder.createCache({ policy: createPolicy(name, options) });
    const there = await worker.createCache({ policy: setup.policy(factory, options) });
    expect(await readAll(worker, there, pieces)).toEqual(await readAll(decoder, here, pieces));
    expect(there.shape).toEqual(here.shape);
    await there.release();
  });

  it('records in a WorkerCache what it would here, through forks and files', async () => {
    await inFolder(async (folder) => {
      const options = { budget: 12 };
      const policy = createPolicy('keydiff', options);
      const recorder = new RetentionRecorder({ scores: 'last' });
      const here = decoder.createCache({ policy, recorder });
      const named = setup.policy('keyDiff', options);
      const there = await worker.createCache({ policy: named, recording: { scores: 'last' } });
      for (const input of pieces) {
        await decoder.step([{ cache: here, input }]);
        await worker.step([{ cache: there, input }]);
      }
      const texts = { ids: Uint32Array.from(tokens(44)), notes: { budget: '12' } };
      const expected = recorder.record(texts);
      expect(await (await there.fork()).retention(texts)).toEqual(expected);
      await expect(there.retention({ ids: Uint32Array.of(1) })).rejects.toThrow('1 for 44 tokens');
      const unknown = { unknwon: 1 } as RetentionTexts;
      await expect(there.retention(unknown)).rejects.toThrow('unknwon: is not an option of');
      const file = join(folder, 'cache.safetensors');
      await there.save(file);
      const restored = await worker.restoreCache(file, { policy: named, recording: {} });
      const record = await restored.retention();
      const last = expected.seen.length - 1;
      expect([...record.seen]).toEqual([44]);
      expect(heldTokens(record, 1, 0, 0)).toEqual(heldTokens(expected, 1, 0, last));
      const silent = await worker.createCache({ policy: named });
      await expect(silent.retention()).rejects.toThrow(/not recorded.*recording/);
    });
  });

  it('protects tokens there as here', async () => {
    const options = { budget: 12 };
    const here = decoder.createCache({ policy: createPolicy('keydiff', options) });
    const there = await worker.createCache({ policy: setup.policy('keyDiff', options) });
    const free = decoder.createCache({ policy: createPolicy('keydiff', options) });
    const spans = [{ start: 3, end: 9 }];
    here.protect(spans);
    await there.protect(spans);
    expect(await readAll(worker, there, pieces)).toEqual(await readAll(decoder, here, pieces));
    await readAll(decoder, free, pieces);
    const held = (cache: typeof here) => [...cache.tokens(1, 1)].filter((t) => t >= 3 && t < 9);
    expect(held(here)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(held(free)).not.toEqual(held(here));
    const { allocated, sharedPart, policy } = (await there.memory()).bytes;
    const bytes = await worker.cacheBytes();
    expect(bytes).toBeGreaterThanOrEqual(allocated + sharedPart + policy);
    const fork = await there.fork();
    expect(await worker.cacheBytes()).toBeLessThan(bytes + (allocated + policy) * 0.9); // shared rows count once
    await fork.release();
    await expect(there.protect([{ start: 2, end: 1 }])).rejects.toThrow('spans[0].end');
    await there.release();
  });

  it('takes the probe of a policy, also where it is no other policy’s', async () => {
    const policy = setup.policy('h2o', { budget: 10 });
    const another = await setup.load({ chunkSize, probe: policy });
    expect(another.probe).toEqual({ kind: 'columnSums' });
    const local = await Decoder.load(setup.folder, { ...quiet, chunkSize, probe: another.probe });
    const here = local.createCache({ policy: h2o({ budget: 10 }) });
    const there = await another.createCache({ policy });
    expect(await readAll(another, there, pieces)).toEqual(await readAll(local, here, pieces));
    await local.release();
    await another.release();
  });

  it('loads a policy by the name of its package', async () => {
    const options = { budget: 12 };
    const there = await worker.createCache({
      policy: { module: '@namm/kv-cache', export: 'sinkRecent', options },
    });
    await readAll(worker, there, pieces);
    expect((await there.memory()).keptPerHead.flat()).toEqual([12, 12, 12, 12]);
  });

  it('reads rows in place of embeddings, and leaves the caller his arrays', async () => {
    const { hiddenSize } = decoder.spec;
    const large = Float32Array.from({ length: 50 * hiddenSize }, (_, i) => Math.sin(i));
    const embeddings = large.subarray(3 * hiddenSize, 23 * hiddenSize);
    const ids = Int32Array.from(tokens(20));
    const inputs = [{ embeddings }, { ids }];
    const there = await worker.createCache();
    expect(await readAll(worker, there, inputs)).toEqual(
      await readAll(decoder, decoder.createCache(), inputs),
    );
    expect([large.length, ids.length]).toEqual([50 * hiddenSize, 20]);
  });

  it('forks a sequence that goes its own way', async () => {
    const policy = snapKV({ budget: 20 });
    const here = decoder.createCache({ policy });
    const there = await worker.createCache({ policy: setup.policy('snapKV', { budget: 20 }) });
    await readAll(worker, there, pieces);
    await readAll(decoder, here, pieces);
    const [localFork, fork] = [here.fork(), await there.fork()];
    expect(fork.seen).toBe(there.seen);
    const [one, other] = [[{ ids: tokens(9, 1) }], [{ ids: tokens(9, 2) }]];
    expect(await readAll(worker, fork, one)).toEqual(await readAll(decoder, localFork, one));
    expect(await readAll(worker, there, other)).toEqual(await readAll(decoder, here, other));
  });

  it('steps several sequences, in one call and in several at a time', async () => {
    const items = async <Cache extends SequenceCache<Cache>>(model: SequenceModel<Cache>) => {
      const made: StepItem<Cache>[] = [];
      for (const [i, { ids }] of pieces.entries()) {
        const outputs = (['all', 'none', 'last'] as const)[i]!;
        made.push({ cache: await model.createCache(), input: { ids }, outputs });
      }
      return made;
    };
    const expected = await decoder.step(await items(decoder));
    expect(await worker.step(await items(worker))).toEqual(expected);
    const apart = (await items(worker)).map((item) => worker.step([item]));
    expect((await Promise.all(apart)).flat()).toEqual(expected);
    expect(await worker.step([])).toEqual([]);
  });

  it('writes greedily as here', async () => {
    const write = async <Cache extends SequenceCache<Cache>>(
      model: SequenceModel<Cache>,
      cache: Cache,
    ) => {
      const ids: number[] = [];
      for await (const id of greedy(model, cache, tokens(30))) if (ids.push(id) === 20) return ids;
      return [];
    };
    const written = await write(worker, await worker.createCache());
    expect(written).toEqual(await write(decoder, decoder.createCache()));
    expect(new Set(written).size).toBeGreaterThan(1);
  });

  it('leaves the event loop of its caller free', async () => {
    // Nobody but the caller's event loop can let the worker go.
    const blocker = new Blocker(20);
    const cache = await worker.createCache({ policy: blocker.policy });
    const step = worker.step([{ cache, input: { ids: tokens(30) } }]);
    await blocker.reached();
    for (let i = 0; i < 100; i++) await turn();
    expect(cache.seen).toBe(0); // the step has not ended
    blocker.letGo();
    await step;
    expect(cache.seen).toBe(30);
  });

  it('frees the rows of handles that nobody can reach', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const collected = new Int32Array(new SharedArrayBuffer(4));
    const readAndForget = async () => {
      const policy = testPolicy('isCounted', { counter: collected.buffer });
      const cache = await worker.createCache({ policy });
      await worker.step([{ cache, input: { ids: tokens(5) } }]);
    };
    await readAndForget();
    while (Atomics.load(collected, 0) === 0) {
      collect();
      await turn();
      const cache = await worker.createCache({ policy: testPolicy('collectsGarbage') });
      await worker.step([{ cache, input: { ids: [1] } }]);
      await cache.release();
    }
    expect(collected[0]).toBe(1);
  });

  it('reads on past the limit of positions when they are compact', async () => {
    const options = { positions: 'compact' } as const;
    const here = decoder.createCache({ ...options, policy: snapKV({ budget: 20 }) });
    const policy = setup.policy('snapKV', { budget: 20 });
    const there = await worker.createCache({ ...options, policy });
    expect(there.shape).toEqual(here.shape);
    const inputs = [{ ids: tokens(200) }];
    expect(await readAll(worker, there, inputs)).toEqual(await readAll(decoder, here, inputs));
    expect(there.seen).toBeGreaterThan(worker.spec.maximumPositions);
  });

  it('saves and restores a sequence, here and there', async () => {
    const policy = snapKV({ budget: 20 });
    const there = await worker.createCache({ policy: setup.policy('snapKV', { budget: 20 }) });
    await readAll(worker, there, pieces);
    const path = join(setup.folder, 'saved.safetensors');
    await there.save(path);
    const options = { policy: setup.policy('snapKV', { budget: 20 }) };
    const restored = await worker.restoreCache(path, options);
    const here = await decoder.restoreCache(path, { policy });
    expect([restored.seen, here.seen]).toEqual([there.seen, there.seen]);
    const next = [{ ids: tokens(9, 1) }];
    const continued = await readAll(worker, restored, next);
    expect(continued).toEqual(await readAll(decoder, here, next));
    const original = await readAll(worker, there, next);
    expect(continued.map(({ logits }) => logits)).toEqual(original.map(({ logits }) => logits));
  });
});
