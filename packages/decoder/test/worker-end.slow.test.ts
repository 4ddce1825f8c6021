import { join } from 'node:path';
import { FileFormatError, InvalidArgumentError, NammError } from '@namm/core';
import { CacheBusyError, CacheMismatchError, h2o } from '@namm/kv-cache';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  CacheUseError,
  Decoder,
  DecoderInputError,
  DecoderWorker,
  ModelFolderError,
  PolicyModuleError,
  PositionLimitError,
  type WorkerCache,
  WorkerDiedError,
} from '../src/index.js';
import { quiet } from './helpers.js';
import { Blocker, setUpWorkers, testPolicy, tokens } from './worker-setup.js';

const setup = setUpWorkers();
const chunkSize = 8;

/** What a promise is rejected with. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was not rejected');
}

describe('a step that is stopped', () => {
  let worker: DecoderWorker;
  beforeAll(async () => {
    worker = await setup.load({ chunkSize });
  });

  it('computes nothing when the signal was given before', async () => {
    const cache = await worker.createCache();
    const reason = { enough: true };
    const options = { signal: AbortSignal.abort(reason) };
    const step = worker.step([{ cache, input: { ids: tokens(20) } }], options);
    expect(await rejection(step)).toBe(reason);
    expect(cache.seen).toBe(0);
  });

  it('stops between chunks, and keeps what was computed', async () => {
    const blocker = new Blocker(2 * chunkSize);
    const cache = await worker.createCache({ policy: blocker.policy });
    const controller = new AbortController();
    const { signal } = controller;
    const items = [{ cache, input: { ids: tokens(100) } }];
    const stopped = rejection(worker.step(items, { signal }));
    await blocker.reached();
    controller.abort();
    blocker.letGo();
    expect(await stopped).toBe(signal.reason);
    expect(cache.seen).toBe(2 * chunkSize);
    // The same tokens read without a stop.
    const rest = { ids: tokens(100).slice(2 * chunkSize) };
    const [result] = await worker.step([{ cache, input: rest }]);
    const decoder = await Decoder.load(setup.folder, { ...quiet, chunkSize });
    const here = decoder.createCache();
    const [expected] = await decoder.step([{ cache: here, input: { ids: tokens(100) } }]);
    expect(result).toEqual(expected);
    await decoder.release();
  });

  it('does not hear a signal that comes when it has ended', async () => {
    const controller = new AbortController();
    const cache = await worker.createCache();
    const options = { signal: controller.signal };
    await worker.step([{ cache, input: { ids: tokens(20) } }], options);
    controller.abort();
    expect(cache.seen).toBe(20);
  });

  it('stops when the progress listener throws, with its error', async () => {
    const cache = await worker.createCache();
    const error = new Error('of the listener');
    let calls = 0;
    const onProgress = () => {
      calls++;
      throw error;
    };
    const step = worker.step([{ cache, input: { ids: tokens(100) } }], { onProgress });
    expect(await rejection(step)).toBe(error);
    expect(calls).toBe(1);
    expect(cache.seen % chunkSize === 0 || cache.seen === 100).toBe(true);
    await worker.step([{ cache, input: { ids: tokens(3) } }]);
  });
});

describe('errors of a worker', () => {
  let worker: DecoderWorker;
  let cache: WorkerCache;
  beforeAll(async () => {
    worker = await setup.load({ chunkSize });
    cache = await worker.createCache();
  });
  afterEach(() => expect(cache.seen).toBe(0));

  it('are those of the model, with class, code and details', async () => {
    const limit = await rejection(worker.step([{ cache, input: { ids: tokens(300) } }]));
    expect(limit).toBeInstanceOf(PositionLimitError);
    expect(NammError.isInstance(limit)).toBe(true);
    expect(limit).toMatchObject({ code: 'POSITION_LIMIT', details: { needed: 300, limit: 256 } });
    expect(limit).toMatchObject({ name: 'PositionLimitError', message: /256/ as never });
  });

  it.each([
    ['no object', 5],
    ['nothing', undefined],
    ['no tokens', { ids: [] }],
    ['an id beyond the vocabulary', { ids: [1, 23] }],
    ['a function for an id', { ids: [() => 1] }],
    ['ids without a length', { ids: {} }],
    ['half a row', { embeddings: new Float32Array(8) }],
    ['rows of another type', { embeddings: new Float64Array(16) }],
  ])('name an input that is %s', async (_, input) => {
    const step = worker.step([{ cache, input: input as never }]);
    expect(await rejection(step)).toBeInstanceOf(DecoderInputError);
  });

  it('name outputs that are none', async () => {
    const item = { cache, input: { ids: [1] } };
    const wrong = worker.step([{ ...item, outputs: 'some' as never }]);
    expect(await rejection(wrong)).toBeInstanceOf(DecoderInputError);
    const unsendable = worker.step([{ ...item, outputs: (() => 1) as never }]);
    expect(await rejection(unsendable)).toBeInstanceOf(InvalidArgumentError);
  });

  it('refuse caches of others', async () => {
    const other = await setup.load({ chunkSize });
    const decoder = await Decoder.load(setup.folder, quiet);
    const foreign = [await other.createCache(), decoder.createCache(), null, 5, { id: 1 }];
    for (const one of foreign) {
      const step = worker.step([{ cache: one as never, input: { ids: [1] } }]);
      expect(await rejection(step)).toBeInstanceOf(CacheUseError);
    }
    const step = decoder.step([{ cache: cache as never, input: { ids: [1] } }]);
    expect(await rejection(step)).toBeInstanceOf(CacheUseError);
    await decoder.release();
    await other.release();
  });

  it('refuse a cache that was released, once or twice', async () => {
    const released = await worker.createCache();
    await released.release();
    await released.release();
    for (const call of [
      worker.step([{ cache: released, input: { ids: [1] } }]),
      released.save('never'),
      released.memory(),
      released.fork(),
    ]) {
      expect(await rejection(call)).toBeInstanceOf(CacheUseError);
    }
  });

  it('say who holds a cache', async () => {
    const blocker = new Blocker(1);
    const busy = await worker.createCache({ policy: blocker.policy });
    const item = { cache: busy, input: { ids: tokens(9) } };
    const step = worker.step([item]);
    const others = [worker.step([item]), busy.fork(), worker.step([item, item])].map(rejection);
    await blocker.reached();
    blocker.letGo();
    await step;
    for (const error of await Promise.all(others)) expect(error).toBeInstanceOf(CacheBusyError);
    expect(busy.seen).toBe(9);
  });

  it('let a step end whose cache is released meanwhile', async () => {
    const blocker = new Blocker(1);
    const released = await worker.createCache({ policy: blocker.policy });
    const step = worker.step([{ cache: released, input: { ids: tokens(20) } }]);
    await blocker.reached();
    const release = released.release();
    blocker.letGo();
    await release;
    expect((await step)[0]!.logits.length).toBe(23);
  });

  it.each([
    ['of another class', 'own error', { name: 'TypeError', message: 'bad type' }],
    ['that is none', 'a text', { name: 'Error', message: 'a text' }],
    ['that is data', { problem: 5 }, { name: 'Error', message: '{ problem: 5 }' }],
    ['that causes itself', 'circle', { message: 'circle', cause: { message: 'circle' } }],
  ])('carry an error of a policy %s', async (_, thrown, expected) => {
    const throwing = await worker.createCache({ policy: testPolicy('throws', { thrown }) });
    const error = await rejection(worker.step([{ cache: throwing, input: { ids: tokens(20) } }]));
    expect(error).toBeInstanceOf(PolicyModuleError);
    const { cause } = error as Error;
    expect(cause).toBeInstanceOf(thrown === 'own error' ? TypeError : Error);
    expect(cause).toMatchObject(expected);
    if (thrown === 'own error') expect(cause).toMatchObject({ cause: { message: 'inner' } });
    expect(throwing.seen).toBe(chunkSize); // as in a Decoder: its chunk is in the cache
  });

  it('say that a policy threw nothing', async () => {
    const policy = testPolicy('throws', { thrown: undefined });
    const throwing = await worker.createCache({ policy });
    const error = await rejection(worker.step([{ cache: throwing, input: { ids: tokens(20) } }]));
    expect(error).toBeInstanceOf(PolicyModuleError);
    expect((error as Error).message).toContain('undefined');
  });

  it.each([
    ['is not data', h2o({ budget: 5 }), InvalidArgumentError],
    ['is not named by a text', { module: 5, export: 'h2o' }, InvalidArgumentError],
    ['is relative to nothing', { module: './x.js', export: 'h2o' }, InvalidArgumentError],
    ['is of no module', { module: 'no-such-package', export: 'h2o' }, PolicyModuleError],
    ['is of no file', { module: 'file:///no/such/file.js', export: 'x' }, PolicyModuleError],
    ['is no export', testPolicy('missing'), PolicyModuleError],
    ['is not a function', testPolicy('isNoFunction'), PolicyModuleError],
    ['makes something else', testPolicy('makesNothing'), PolicyModuleError],
  ])('name a policy that %s', async (_, policy, expected) => {
    const created = worker.createCache({ policy: policy as never });
    expect(await rejection(created)).toBeInstanceOf(expected);
    const loaded = setup.load({ probe: policy as never });
    expect(await rejection(loaded)).toBeInstanceOf(expected);
  });

  it('carry what a policy says of its options, and what it needs', async () => {
    const bad = worker.createCache({ policy: setup.policy('h2o', { budget: -1 }) });
    expect(await rejection(bad)).toMatchObject({
      name: 'InvalidArgumentError',
      details: { argument: 'budget' },
    });
    const unserved = await worker.createCache({ policy: setup.policy('h2o', { budget: 5 }) });
    const step = worker.step([{ cache: unserved, input: { ids: [1] } }]);
    expect(await rejection(step)).toBeInstanceOf(CacheUseError);
    const policy = testPolicy('isAsynchronous');
    expect((await worker.createCache({ policy })).seen).toBe(0);
  });

  it('are those of the file system and of saved caches', async () => {
    const path = join(setup.folder, 'no', 'folder');
    const unsaved = await rejection(cache.save(path));
    const message = expect.stringContaining(join(setup.folder, 'no'));
    expect(unsaved).toMatchObject({ code: 'CACHE_SAVE', message });
    expect(await rejection(worker.restoreCache(path))).toBeInstanceOf(FileFormatError);
    const saved = join(setup.folder, 'empty.safetensors');
    await cache.save(saved);
    const other = { policy: setup.policy('sinkRecent', { budget: 5 }) };
    expect(await rejection(worker.restoreCache(saved, other))).toBeInstanceOf(CacheMismatchError);
  });

  it('name what does not load', async () => {
    const { folder } = setup;
    const load = (path: unknown, options = {}) =>
      rejection(DecoderWorker.load(path as string, options));
    expect(await load(`${folder}/none`)).toBeInstanceOf(ModelFolderError);
    expect(await load(folder, { chunkSize: 0 })).toBeInstanceOf(InvalidArgumentError);
    expect(await load(folder, { probe: null })).toBeInstanceOf(InvalidArgumentError);
    expect(await load(folder, { threads: () => 1 })).toBeInstanceOf(InvalidArgumentError);
    const relative = await load(folder, { workerFile: 'worker.js' });
    expect(relative).toBeInstanceOf(InvalidArgumentError);
    const died = await load(folder, { workerFile: new URL('file:///no/such/worker.js') });
    expect(died).toMatchObject({ name: 'WorkerDiedError', reason: 'error' });
  });
});

describe('a worker that ends', () => {
  /** Starts a step under a policy that ends its worker; what is pending gives its error as a value. */
  async function endIn(policy: string, options?: unknown, resourceLimits = {}) {
    const worker = await setup.load({ chunkSize, resourceLimits });
    const other = await worker.createCache();
    const cache = await worker.createCache({ policy: testPolicy(policy, options) });
    const item = { cache, input: { ids: tokens(20) } };
    const pending = [worker.step([item]), worker.step([{ ...item, cache: other }]), other.memory()];
    const ended = pending.map((call) => call.catch((error: unknown) => error));
    return { worker, cache, other, item, ended };
  }

  it.each([
    ['by process.exit', 'exits', { code: 3 }, 'exit', { exitCode: 3 }],
    ['by an error that nobody catches', 'throwsLater', {}, 'error', {}],
    ['of a full heap', 'fillsHeap', {}, 'memory', {}],
  ])(
    '%s rejects what is pending and what comes later',
    async (_, policy, options, reason, details) => {
      const limits = { maxOldGenerationSizeMb: 40, maxYoungGenerationSizeMb: 8 };
      const { worker, cache, other, item, ended } = await endIn(policy, options, limits);
      const error = await ended[0];
      expect(error).toBeInstanceOf(WorkerDiedError);
      expect(error).toMatchObject({ code: 'WORKER_DIED', reason, details: { reason, ...details } });
      await Promise.all(ended);
      for (const call of [
        () => worker.step([item]),
        () => worker.createCache(),
        () => cache.memory(),
        () => other.fork(),
      ]) {
        expect(await rejection(call())).toMatchObject({ name: 'WorkerDiedError', reason });
      }
      await cache.release();
      await worker.release();
      await worker.release();
      // The process lives on, and so does the next worker.
      const next = await setup.load({ chunkSize });
      const again = await next.createCache();
      await next.step([{ cache: again, input: { ids: tokens(20) } }]);
      expect(again.seen).toBe(20);
      await next.release();
    },
  );

  it('keeps the error that nobody caught as the cause', async () => {
    const { ended } = await endIn('throwsLater');
    expect(await ended[0]).toMatchObject({ cause: { message: 'thrown later' } });
  });

  it('can be released in the middle of a step, also of one without end', async () => {
    const { worker, cache, ended } = await endIn('neverEnds');
    await ended.at(-1); // the worker has begun
    await Promise.all([worker.release(), worker.release()]);
    expect(await ended[0]).toBeInstanceOf(WorkerDiedError);
    expect(await ended[0]).toMatchObject({ reason: 'released' });
    expect(await rejection(cache.memory())).toMatchObject({ reason: 'released' });
  });

  it('takes no other worker with it', async () => {
    const other = await setup.load({ chunkSize });
    const { ended } = await endIn('exits', { code: 0 });
    const cache = await other.createCache();
    const step = other.step([{ cache, input: { ids: tokens(200) } }]);
    expect(await ended[0]).toBeInstanceOf(WorkerDiedError);
    await step;
    expect(cache.seen).toBe(200);
  });
});
