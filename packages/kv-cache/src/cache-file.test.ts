import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import { openSafetensors, type TensorData, writeSafetensors } from '@namm/tensors';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheBusyError, CacheMismatchError, CacheSaveError } from './cache-errors.js';
import { createPolicy, policyNames } from './create-policy.js';
import { KVCache } from './kv-cache.js';
import { h2o } from './policies/h2o.js';
import { RetentionRecorder } from './retention-recorder.js';
import { cacheDtypes } from './stored-rows.js';
import { randomTokens, runPasses, updateOf } from './testing/run-pass.js';
import { passSizes, shapeOf, totalOf } from './testing/shapes.js';
import { snapshot } from './testing/snapshot.js';

const shape = shapeOf(2, 2, 2, 4, 24);
const policy = h2o({ budget: 7 });
let folder: string;
let path: string;
let intact: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-cache-file-'));
  path = join(folder, 'cache.safetensors');
  const cache = new KVCache(shape, { policy, keepOutsideWindow: true });
  await runPasses(cache, randomTokens(shape, 40, 1), [30, 1]);
  await cache.save(path);
  intact = await readFile(path);
});
afterAll(() => rm(folder, { recursive: true }));

/** The file with some of its tensors and metadata changed; undefined takes one away. */
async function changedFile(
  tensors: Readonly<Record<string, TensorData | undefined>>,
  metadata: Readonly<Record<string, string | undefined>> = {},
  from = path,
): Promise<string> {
  const file = await openSafetensors(from);
  const all = new Map<string, TensorData>();
  for (const [name, { dtype, shape: sizes }] of file.tensors) {
    all.set(name, { dtype, shape: sizes, data: await file.readBytes(name) });
  }
  const kept = Object.entries({ ...Object.fromEntries(all), ...tensors });
  const facts = Object.entries({ ...Object.fromEntries(file.metadata), ...metadata });
  const target = join(folder, 'changed.safetensors');
  const isGiven = <T>(entry: [string, T | undefined]): entry is [string, T] =>
    entry[1] !== undefined;
  await writeSafetensors(target, kept.filter(isGiven), Object.fromEntries(facts.filter(isGiven)));
  return target;
}

describe('a saved cache', () => {
  it('brings along what was attached to it, and is then no cache alone', async () => {
    const cache = new KVCache(shape, { policy });
    await runPasses(cache, randomTokens(shape, 12, 2), [12]);
    const attached = new Map([['step', { shape: [2], data: Float64Array.of(3, 0.1) }]]);
    const saved = join(folder, 'attached.safetensors');
    await cache.save(saved, attached);
    const restored = await KVCache.restoreAttached(saved, shape, { policy });
    expect(restored.attached).toEqual(attached);
    expect(snapshot(restored.cache)).toEqual(snapshot(cache));
    await expect(KVCache.restore(saved, shape, { policy })).rejects.toThrow(FileFormatError);
    expect((await KVCache.restoreAttached(path, shape, { policy })).attached.size).toBe(0);
  });

  it('goes on as if it had never been saved, under every policy', async () => {
    await fc.assert(
      fc.asyncProperty(
        passSizes,
        fc.nat(),
        fc.boolean(),
        fc.constantFrom(...cacheDtypes),
        async (counts, seed, forked, dtype) => {
          const own = { ...shape, dtype };
          const tokens = randomTokens(shape, totalOf(counts) + 9, seed);
          for (const name of policyNames) {
            const each = createPolicy(name, { budget: 7, seed: 5 });
            let cache = new KVCache(own, { policy: each });
            await runPasses(cache, tokens, counts.slice(0, 2));
            if (forked) {
              const origin = cache;
              cache = origin.fork();
              await origin.release();
            }
            await runPasses(cache, tokens, counts.slice(2));
            const saved = join(folder, 'any.safetensors');
            await cache.save(saved);
            const restored = await KVCache.restore(saved, own, { policy: each });
            expect(snapshot(restored), name).toEqual(snapshot(cache));
            for (const going of [cache, restored]) await runPasses(going, tokens, [7, 1, 1]);
            expect(snapshot(restored), name).toEqual(snapshot(cache));
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  it('is refused when any of its bits has changed', async () => {
    const compact = new KVCache(shape, { policy, positions: 'compact' });
    await runPasses(compact, randomTokens(shape, 40, 1), [30, 1]);
    compact.closeGaps(() => null);
    const whole = join(folder, 'compact.safetensors');
    await compact.save(whole);
    const files = [intact, await readFile(whole)];
    const target = join(folder, 'flipped.safetensors');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        async (file, at, bit) => {
          const bytes = Uint8Array.from(file);
          const byte = at % file.length;
          bytes[byte]! ^= 1 << bit;
          await writeFile(target, bytes);
          const error = await KVCache.restore(target, shape, { policy }).catch((thrown) => thrown);
          const inData = byte >= 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
          // A damaged name of a model or policy may be that of another.
          const allowed = inData ? [FileFormatError] : [FileFormatError, CacheMismatchError];
          expect(allowed).toContain(error.constructor);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps rows outside of windows if it did so before, and can be recorded', async () => {
    const recorder = new RetentionRecorder();
    const cache = await KVCache.restore(path, shape, { policy, recorder });
    await cache.keep([null, null]);
    expect(cache.recorder).toBe(recorder);
    const again = join(folder, 'again.safetensors');
    await cache.save(again);
    expect(await readFile(again)).toEqual(Buffer.from(intact)); // the same bytes
  });

  it('holds the cache while it is written, and replaces a file as a whole', async () => {
    const cache = new KVCache(shape, { policy });
    const tokens = randomTokens(shape, 40, 1);
    await runPasses(cache, tokens, [30]);
    const target = join(folder, 'busy.safetensors');
    const saving = cache.save(target);
    await expect(cache.update(updateOf(cache, tokens, 1))).rejects.toThrow(CacheBusyError);
    await expect(cache.save(target)).rejects.toThrow("'save'");
    await saving;
    const below = join(path, 'x');
    for (const [unwritable, problem] of [
      [join(folder, 'no such folder', 'x'), 'does not exist'],
      [below, 'lies below something that is not a folder'],
      [folder, 'is a folder'],
    ] as const) {
      const saving = cache.save(unwritable);
      await expect(saving).rejects.toThrow(CacheSaveError);
      await expect(saving).rejects.toThrow(problem);
      await expect(saving).rejects.toThrow(unwritable);
    }
    await runPasses(cache, tokens, [1]); // free again
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is refused when it is cut off or damaged', async () => {
    const target = join(folder, 'damaged.safetensors');
    const restore = async (bytes: Uint8Array) => {
      await writeFile(target, bytes);
      return KVCache.restore(target, shape, { policy });
    };
    for (let length = 0; length < intact.length; length += 97) {
      await expect(restore(intact.subarray(0, length))).rejects.toThrow(FileFormatError);
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(intact.length - 1), fc.nat(255), async (at, byte) => {
        const bytes = Uint8Array.from(intact); // slice of a Buffer would share its memory
        bytes[at] = byte;
        const result: unknown = await restore(bytes).catch((error) => error);
        const allowed = byte === intact[at] ? [KVCache] : [FileFormatError, CacheMismatchError];
        expect(allowed).toContain(result!.constructor);
        if (result instanceof Error) expect(result.message).toContain(target);
      }),
      { numRuns: 200 },
    );
  });

  const one = (data: TensorData['data']) => ({ shape: [data.length], data });
  it.each<
    [string, RegExp, Record<string, TensorData | undefined>, Record<string, string | undefined>?]
  >([
    ['another format', /its format is not 'namm-cache'/, {}, { format: 'pt' }],
    ['no model', /has no model/, {}, { model: undefined }],
    ['tokens that are no number', /seen .* 'many'/, {}, { seen: 'many' }],
    ['a next position beyond the tokens', /nextPosition 32 .* 31/, {}, { nextPosition: '32' }],
    [
      'a next position beyond the tokens, where positions are compact',
      /nextPosition 32 .* 31/,
      {},
      { nextPosition: '32', positions: 'compact' },
    ],
    ['settings that are not JSON', /settings .* JSON/, {}, { settings: '{' }],
    ['unknown positions', /positions .* 'new'/, {}, { positions: 'new' }],
    [
      'a head too few',
      /layers.1.heads.1.keys" is not among/,
      { 'layers.1.heads.1.keys': undefined },
    ],
    ['a tensor too many', /holds a tensor "extra"/, { extra: one(new Uint8Array(1)) }],
    [
      'a tensor too many of the policy',
      /not those that were/,
      { 'policy.x': one(new Uint8Array(1)) },
    ],
    [
      'a state of a strange type',
      /policy.x is I64, which no state/,
      { 'policy.x': one(BigInt64Array.of(1n)) },
    ],
    [
      'a short head',
      /heads.0.values is F32 \[3\] instead of/,
      { 'layers.0.heads.0.values': one(new Float32Array(3)) },
    ],
    ['doubles', /positions is F64/, { 'layers.0.heads.0.positions': one(new Float64Array(7)) }],
    [
      'positions that descend',
      /positions: 4 after 5/,
      { 'layers.0.heads.0.positions': one(Int32Array.of(0, 1, 5, 4, 8, 9, 10)) },
    ],
    [
      'a position twice',
      /positions: 5 after 5/,
      { 'layers.0.heads.0.positions': one(Int32Array.of(0, 1, 5, 5, 8, 9, 10)) },
    ],
    [
      'positions beyond the end',
      /31 after 5, .* below 31/,
      { 'layers.0.heads.0.positions': one(Int32Array.of(0, 1, 2, 3, 4, 5, 31)) },
    ],
    [
      'values that are not numbers',
      /values holds numbers that are not finite/,
      { 'layers.0.heads.0.values': { shape: [7, 4], data: new Float32Array(28).fill(Number.NaN) } },
    ],
    [
      'a state of which a head is missing',
      /its numbers are not those that were saved/,
      { 'policy.layers.0.heads.0.numbers': undefined },
    ],
    [
      'the state that earlier versions wrote',
      /is a cache of version 1, and version 4 is read here/,
      { policy: one(new Uint8Array(5)) },
      { version: undefined },
    ],
  ])('is refused with %s', async (_, message, tensors, metadata) => {
    const target = await changedFile(tensors, metadata);
    const restore = KVCache.restore(target, shape, { policy });
    await expect(restore).rejects.toThrow(FileFormatError);
    await expect(restore).rejects.toThrow(message);
    await expect(restore).rejects.toThrow('changed.safetensors');
  });

  it.each([0x7c00, 0xfc00, 0x7c01, 0xfe00])(
    'is refused with a value in half precision that is no number (bits %i)',
    async (bits) => {
      const half = { ...shape, dtype: 'fp16' } as const;
      const cache = new KVCache(half, { policy });
      await runPasses(cache, randomTokens(shape, 12, 2), [12]);
      const saved = join(folder, 'half.safetensors');
      await cache.save(saved);
      const name = 'layers.0.heads.0.values';
      const { shape: sizes } = (await openSafetensors(saved)).tensors.get(name)!;
      const data = new Uint16Array(sizes[0]! * sizes[1]!);
      data[data.length - 1] = bits;
      const changed = await changedFile(
        { [name]: { dtype: 'F16', shape: sizes, data } },
        {},
        saved,
      );
      const restore = KVCache.restore(changed, half, { policy });
      await expect(restore).rejects.toThrow(/values holds numbers that are not finite/);
    },
  );

  it.each<[string, RegExp, () => Promise<KVCache>]>([
    [
      'model',
      /another model: toy, not 01234567…$/,
      () => KVCache.restore(path, { ...shape, model: '0123456789abcdef'.repeat(4) }, { policy }),
    ],
    [
      'dtype',
      /another dtype: fp32, not int8$/,
      () => KVCache.restore(path, { ...shape, dtype: 'int8' }, { policy }),
    ],
    ['policy', /policy: h2o, not full/, () => KVCache.restore(path, shape)],
    [
      'budget',
      /other settings of 'h2o' \(saved → given\): budget.tokens: 7 → 8$/,
      () => KVCache.restore(path, shape, { policy: h2o({ budget: 8 }) }),
    ],
  ])('is refused for another %s', async (_, message, restore) => {
    await expect(restore()).rejects.toThrow(CacheMismatchError);
    await expect(restore()).rejects.toThrow(message);
    await expect(restore()).rejects.toThrow(path);
  });

  it('is refused when it is not a file', async () => {
    await expect(KVCache.restore(join(folder, 'none'), shape)).rejects.toThrow(FileFormatError);
    await expect(KVCache.restore(folder, shape)).rejects.toThrow(FileFormatError);
  });
});
