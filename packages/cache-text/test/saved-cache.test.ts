import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError } from '@namm/core';
import { CacheMismatchError, CacheSaveError, h2o, sinkRecent } from '@namm/kv-cache';
import { expectFlipsSeen } from '@namm/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NammCache, NammModelForCausalLM } from '../src/index.js';
import { paddedRows } from '../src/token-rows.js';
import { loadModel, reference, rowsOf } from './helpers.js';

let model: NammModelForCausalLM;
let folder: string;
beforeAll(async () => {
  model = await loadModel({ policy: h2o({ budget: 12 }) });
});
afterAll(() => model.dispose());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-saved-'));
});
afterEach(() => rm(folder, { recursive: true }));

const prompts = [reference.input_ids, reference.input_ids.slice(4, 15)];

async function turn(cache: NammCache, rows: readonly (readonly number[])[]): Promise<number[][]> {
  const inputs = paddedRows(rows);
  const sequences = await model.generate({ ...inputs, past_key_values: cache, max_new_tokens: 6 });
  const width = inputs.input_ids.dims[1]!;
  return rowsOf(sequences).map((row) => row.slice(width));
}

/** A cache after one turn, and the prompt of the next. */
async function oneTurn() {
  const cache = model.createCache();
  const answers = await turn(cache, prompts);
  const next = prompts.map((row, i) => [...row, ...answers[i]!, 9, 8, 7]);
  return { cache, next };
}

describe('a saved cache', () => {
  it('goes on as if it had never been saved, each row of a batch', async () => {
    const { cache, next } = await oneTurn();
    await cache.save(folder);
    const restored = await model.restoreCache(folder);
    const { bytes: _, ...before } = await cache.memory();
    expect(await restored.memory()).toMatchObject({ seen: before.seen, rows: before.rows });
    expect(await turn(restored, next)).toEqual(await turn(cache, next));
    expect(restored.restarts).toBe(0);
  });

  it('replaces an older one, and leaves other files alone', async () => {
    await writeFile(join(folder, 'notes.txt'), 'mine');
    const { cache, next } = await oneTurn();
    await cache.save(folder);
    await turn(cache, next);
    await cache.save(folder);
    const names = await readdir(folder);
    expect(names).toHaveLength(4);
    expect(names).toContain('notes.txt');
    const restored = await model.restoreCache(folder);
    expect(restored.get_seq_length()).toBe(cache.get_seq_length());
    await model.createCache().save(folder);
    expect((await readdir(folder)).sort()).toEqual(['cache.json', 'notes.txt']);
    expect((await model.restoreCache(folder)).sequences).toEqual([]);
  });

  it('of another policy or another model is refused', async () => {
    const { cache } = await oneTurn();
    await cache.save(folder);
    const policy = sinkRecent({ budget: 12 });
    await expect(model.restoreCache(folder, { policy })).rejects.toBeInstanceOf(CacheMismatchError);
  });

  it.each<[string, (index: string) => string, RegExp]>([
    ['cut off', (index) => index.slice(0, -3), /cannot be read/],
    [
      'of another format',
      () => '{"format":"x","sequences":[]}',
      /is not the index of a saved cache/,
    ],
    ['with a path', (index) => index.replace(/sequence-0/, '../sequence-0'), /is not a file of it/],
    [
      'with other tokens',
      (index) => index.replace(/"tokens":\[/, '"tokens":[-1,'),
      /is not a list of token ids/,
    ],
    [
      'with too many tokens',
      (index) => index.replace(/"tokens":\[/, '"tokens":[1,'),
      /lists 30 tokens, but .* has seen 29/,
    ],
    [
      'with a pending token that is none',
      (index) => index.replace(/"pending":\d+/, '"pending":"x"'),
      /pending is "x"/,
    ],
    [
      'that names a file that is not there',
      (index) => index.replace(/-[0-9a-f]{12}/, '-000000000000'),
      /does not exist/,
    ],
  ])('with an index %s is refused', async (_, change, message) => {
    const { cache } = await oneTurn();
    await cache.save(folder);
    const path = join(folder, 'cache.json');
    const { checksum, ...index } = JSON.parse(await readFile(path, 'utf8'));
    expect(checksum).toMatch(/^[0-9a-f]{8}$/);
    await writeFile(path, change(JSON.stringify(index)));
    const call = model.restoreCache(folder);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(FileFormatError);
  });

  it('is refused whichever bit of its index is damaged', async () => {
    const { cache } = await oneTurn();
    await cache.save(folder);
    const read = async () => {
      const restored = await model.restoreCache(folder);
      const saved = join(folder, 'again');
      await restored.save(saved);
      const { sequences } = JSON.parse(await readFile(join(saved, 'cache.json'), 'utf8'));
      return sequences.map(({ tokens, pending }: Record<string, unknown>) => [tokens, pending]);
    };
    await expectFlipsSeen(join(folder, 'cache.json'), read, { flips: 100 });
  });

  it('that is cut off, or not there, is refused', async () => {
    await expect(model.restoreCache(folder)).rejects.toThrow(/was a cache saved there/);
    const { cache } = await oneTurn();
    await cache.save(folder);
    const name = (await readdir(folder)).find((one) => one.startsWith('sequence-1'))!;
    await truncate(join(folder, name), 5000);
    await expect(model.restoreCache(folder)).rejects.toBeInstanceOf(FileFormatError);
  });

  it('is not saved onto or under a file, by name', async () => {
    const { cache } = await oneTurn();
    const file = join(folder, 'file');
    await writeFile(file, 'mine');
    for (const place of [file, join(file, 'below')]) {
      const call = cache.save(place);
      await expect(call).rejects.toBeInstanceOf(CacheSaveError);
      await expect(call).rejects.toThrow(`${place}: `);
      await expect(call).rejects.toThrow('choose another path');
    }
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  it('cannot be saved while a call uses it', async () => {
    const { cache, next } = await oneTurn();
    const call = turn(cache, next);
    await expect(cache.save(folder)).rejects.toHaveProperty('code', 'CACHE_BUSY');
    await call;
    await cache.save(folder);
  });
});
