import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float16ToFloat32, toFloat16 } from '@namm/core';
import { CacheMismatchError, createPolicy, type LayerRows, policyNames } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheUseError, Decoder } from '../src/index.js';
import { passKinds } from '../src/step/pass-kind.js';
import { feed, largestDifference, quiet } from './helpers.js';

const folderOf = (name: string) => join(import.meta.dirname, '__fixtures__', name);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-cache-dtype-'));
});
afterAll(() => rm(folder, { recursive: true }));

const ids = Array.from({ length: 30 }, (_, i) => (17 * i + 3) % 250);
const pieces = [8, 8, 8, 1, 1, 4];

/** Rounding written out, one row at a time. */
const rounded = {
  fp16: (row: number[]) => row.map((x) => float16ToFloat32(Uint16Array.of(toFloat16(x)))[0]!),
  int8(row: number[]) {
    const scale = Math.fround(Math.max(...row.map(Math.abs)) / 127);
    if (scale === 0) return row.map(() => 0);
    return row.map((x) => {
      const steps = x * (1 / scale);
      const down = Math.floor(steps);
      const isUp = steps - down > 0.5 || (steps - down === 0.5 && down % 2 !== 0);
      return (down + (isUp ? 1 : 0)) * scale;
    });
  },
};

/** Logits of a float32 decoder whose cache is made anew before each piece, of rows that were rounded by hand. */
async function byHand(decoder: Decoder, round: (row: number[]) => number[]): Promise<number[]> {
  const { layers } = decoder.cacheShape;
  const seen = layers.map(({ keyValueHeads }) =>
    Array.from({ length: keyValueHeads }, () => ({
      keys: [] as number[],
      values: [] as number[],
    })),
  );
  const logits: number[] = [];
  let from = 0;
  for (const count of pieces) {
    const cache = decoder.createCache({ keepOutsideWindow: true });
    if (from > 0) {
      const rows = seen.map(
        (heads): LayerRows => ({
          keys: Float32Array.from(heads.flatMap(({ keys }) => keys)),
          values: Float32Array.from(heads.flatMap(({ values }) => values)),
        }),
      );
      await cache.update({ count: from, rows, observations: [] });
    }
    logits.push(...(await feed(decoder, cache, ids.slice(from, from + count))));
    for (const [layer, heads] of seen.entries()) {
      const { headSize } = layers[layer]!;
      for (const [head, own] of heads.entries()) {
        for (const part of ['keys', 'values'] as const) {
          const fresh = [...cache[part](layer, head, from)];
          for (let i = 0; i < fresh.length; i += headSize) {
            own[part].push(...round(fresh.slice(i, i + headSize)));
          }
        }
      }
    }
    from += count;
  }
  return logits;
}

describe.each(['llama-base', 'gemma3-text', 'gpt2-hub-names'])(
  '%s over a cache of few bits',
  (name) => {
    it.each(passKinds)(
      'computes in passes of kind %s what rounding by hand gives',
      async (passes) => {
        const options = { ...quiet, passes };
        const wide = await Decoder.load(folderOf(name), options);
        for (const cacheDtype of ['fp16', 'int8'] as const) {
          const expected = await byHand(wide, rounded[cacheDtype]);
          const decoder = await Decoder.load(folderOf(name), { ...options, cacheDtype });
          const cache = decoder.createCache({ keepOutsideWindow: true });
          const actual = await feed(decoder, cache, ids, pieces);
          // One token over float32 takes a kernel of its own, which adds up in another order.
          const most = passes === 'layers' ? 1e-5 : 2e-6;
          expect(largestDifference(actual, expected)).toBeLessThan(most);
          const exact = await feed(wide, wide.createCache(), ids, pieces);
          expect(largestDifference(actual, exact)).toBeGreaterThan(1e-6);
          // Forks read what is shared in a piece of its own.
          const fork = cache.fork();
          const [a, b] = [
            await feed(decoder, cache, ids, pieces),
            await feed(decoder, fork, ids, pieces),
          ];
          expect(largestDifference(a, b)).toBeLessThan(2e-6);
          await decoder.release();
        }
        await wide.release();
      },
    );
  },
);

it('saves and restores a cache of few bits under a policy that evicts, to the last bit', async () => {
  for (const cacheDtype of ['fp16', 'int8'] as const) {
    const policy = createPolicy('h2o', { budget: 12 });
    const decoder = await Decoder.load(folderOf('llama-base'), {
      ...{ ...quiet, cacheDtype, probe: policy.probe, chunkSize: 8 },
    });
    const cache = decoder.createCache({ policy });
    await feed(decoder, cache, ids);
    const path = join(folder, `${cacheDtype}.safetensors`);
    await cache.save(path);
    const restored = await decoder.restoreCache(path, { policy });
    expect(await feed(decoder, restored, ids, pieces)).toEqual(
      await feed(decoder, cache, ids, pieces),
    );
    const other = await Decoder.load(folderOf('llama-base'), { ...quiet, probe: policy.probe });
    await expect(other.restoreCache(path, { policy })).rejects.toThrow(CacheMismatchError);
    const step = other.step([{ cache, input: { ids: [1] } }]);
    await expect(step).rejects.toThrow(CacheUseError);
    await expect(step).rejects.toThrow(`in ${cacheDtype}, where this decoder reads fp32`);
    await other.release();
    await decoder.release();
  }
});

it('serves every policy that it serves in float32, within the same budget', async () => {
  const decoders = new Map<string, Decoder>();
  for (const name of policyNames) {
    if (name === 'full') continue;
    const policy = createPolicy(name, { budget: 10, seed: 1 });
    const key = JSON.stringify(policy.probe);
    const decoder =
      decoders.get(key) ??
      (await Decoder.load(folderOf('llama-base'), {
        ...{ ...quiet, cacheDtype: 'int8', probe: policy.probe, chunkSize: 8 },
      }));
    decoders.set(key, decoder);
    const cache = decoder.createCache({ policy });
    await feed(decoder, cache, ids, pieces);
    const { keptPerHead } = cache.memory();
    const rows = keptPerHead.flat();
    const mean = rows.reduce((sum, own) => sum + own, 0) / rows.length;
    expect(mean, name).toBeLessThanOrEqual(10);
    expect(mean, name).toBeGreaterThan(1);
  }
  for (const decoder of decoders.values()) await decoder.release();
});
