import { createHash, randomBytes } from 'node:crypto';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, Random } from '@namm/core';
import { openSafetensors, writeSafetensors } from '@namm/tensors';
import {
  type RandomModel,
  randomBlocks,
  randomModel,
  readFolder,
  writeGgufModel,
} from '@namm/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildGraph } from '../src/graph/build-graph.js';
import { Decoder, type DecoderOptions, ModelFolderError, openModel } from '../src/index.js';
import { PreparedFile } from '../src/prepared/prepared-file.js';
import { defaultPreparedFolder, makeRoom } from '../src/prepared/prepared-folder.js';
import { ortNode } from '../src/runtime/ort-node.js';
import type { Runtime, RuntimeModel } from '../src/runtime/runtime.js';
import { feed, quiet } from './helpers.js';

const sizes = {
  ...{ hidden_size: 64, intermediate_size: 96, head_dim: 16, num_attention_heads: 4 },
  ...{ vocab_size: 5000, tie_word_embeddings: true },
};

let work: string;
let model: RandomModel;
let folder: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'namm-prepared-'));
  model = await randomModel(sizes);
});
afterAll(async () => {
  await model.remove();
  await rm(work, { recursive: true });
});
beforeEach(() => {
  folder = join(work, randomBytes(6).toString('hex'));
});

const ids = Array.from({ length: 12 }, (_, i) => (577 * i + 3) % 5000);

/** A digest of all bits. */
async function logitsOf(path: string, options: DecoderOptions): Promise<string> {
  const decoder = await Decoder.load(path, { ...quiet, ...options });
  const logits = await feed(decoder, decoder.createCache(), ids);
  await decoder.release();
  return createHash('sha256').update(Float32Array.from(logits)).digest('hex');
}

/** Loads, and tells whether weights came through memory. */
async function load(path: string, options: DecoderOptions) {
  const models: RuntimeModel[] = [];
  const runtime: Runtime = {
    name: 'watched',
    load: (each, how) => {
      models.push(each);
      return ortNode.load(each, how);
    },
  };
  const logits = await logitsOf(path, { ...options, runtime });
  return { logits, inMemory: models.reduce((sum, { memory }) => sum + memory.size, 0) };
}

async function kept(): Promise<string> {
  const names = await readdir(folder);
  expect(names).toHaveLength(1);
  return join(folder, names[0]!);
}

/** A copy of the model whose files are its own. */
async function copyOfModel(): Promise<string> {
  const copy = join(work, randomBytes(6).toString('hex'));
  await mkdir(copy);
  for (const name of await readdir(model.folder))
    await copyFile(join(model.folder, name), join(copy, name));
  return copy;
}

describe('the second start', () => {
  it.each([{ dtype: 'q8' }, { dtype: 'q4' }, { dtype: 'q4', passes: 'layers' }] as const)(
    'maps what the first has made and answers the same: %o',
    async (how) => {
      const expected = await load(model.folder, { ...how, preparedWeights: null });
      expect(expected.inMemory).toBeGreaterThan(10);
      for (let start = 0; start < 2; start++) {
        const { logits, inMemory } = await load(model.folder, { ...how, preparedWeights: folder });
        expect(logits).toEqual(expected.logits);
        expect(inMemory).toBe(0);
      }
      const path = await kept();
      const before = await stat(path, { bigint: true });
      await load(model.folder, { ...how, preparedWeights: folder });
      expect((await stat(path, { bigint: true })).ino).toBe(before.ino);
    },
  );

  it.each(['auto', 'fp32'] as const)('does so for blocks of a GGUF file, as %s', async (dtype) => {
    const path = join(work, `${dtype}.gguf`);
    const contents = await readFolder(model.folder);
    for (const [name, { shape }] of contents.tensors) {
      if (/_proj/.test(name))
        contents.tensors.set(name, randomBlocks('Q4_1', shape, new Random(4)));
    }
    await writeGgufModel(path, contents);
    const expected = await load(path, { dtype, preparedWeights: null });
    for (let start = 0; start < 2; start++) {
      const { logits, inMemory } = await load(path, { dtype, preparedWeights: folder });
      expect(logits).toEqual(expected.logits);
      expect(inMemory).toBe(0);
    }
  });

  it('takes a file that was made for other passes, and adds what it lacks', async () => {
    const q8 = { dtype: 'q8' } as const;
    const whole = await logitsOf(model.folder, { ...q8, preparedWeights: null });
    const layers = { ...q8, passes: 'layers' } as const;
    const expected = await logitsOf(model.folder, { ...layers, preparedWeights: null });
    const source = await openModel(model.folder);
    // A model that ends after its first layer needs less.
    const [first] = source.spec.layers;
    const weights = new Map(source.weights);
    const short = { ...source, spec: { ...source.spec, layers: [first!] }, weights };
    const file = (await PreparedFile.open(folder, short, 'q8'))!;
    await buildGraph(
      short,
      { probe: { kind: 'none' }, cacheDtype: 'fp32' },
      { dtype: 'q8', prepared: file },
      'whole',
    );
    expect(await file.complete()).toBe(true);
    const path = await kept();
    const { size } = await stat(path);
    expect(await logitsOf(model.folder, { ...q8, preparedWeights: folder })).toBe(whole);
    expect(await kept()).toBe(path);
    expect((await stat(path)).size).toBeGreaterThan(size);
    expect(await logitsOf(model.folder, { ...layers, preparedWeights: folder })).toBe(expected);
  });

  it('reads the embedding from its file, whatever its bits and its factor', async () => {
    const path = join(work, 'embedding.gguf');
    const contents = await readFolder(model.folder);
    for (const format of ['Q4_1', 'Q8_0'] as const) {
      const { shape } = contents.tensors.get('model.embed_tokens.weight')!;
      const blocks = randomBlocks(format, shape, new Random(6));
      contents.tensors.set('model.embed_tokens.weight', blocks);
      await writeGgufModel(path, contents);
      const { spec, ...source } = await openModel(path);
      const { embedding } = spec;
      const scaled = { ...spec, embedding: embedding && { ...embedding, scale: 1.7 } };
      const logits: number[][] = [];
      for (const preparedWeights of [null, folder]) {
        const options = { ...quiet, passes: 'layers', preparedWeights } as const;
        const decoder = await Decoder.load({ ...source, spec: scaled }, options);
        logits.push(await feed(decoder, decoder.createCache(), ids));
        await decoder.release();
      }
      expect(logits[1]).toEqual(logits[0]);
    }
  });

  it('works when several start at once', async () => {
    const expected = await logitsOf(model.folder, { dtype: 'q4', preparedWeights: null });
    const starts = Array.from({ length: 4 }, () =>
      logitsOf(model.folder, { dtype: 'q4', preparedWeights: folder }),
    );
    for (const logits of await Promise.all(starts)) expect(logits).toEqual(expected);
    await kept();
  });
});

describe('what is kept', () => {
  it('is made anew when it is damaged or cut off', async () => {
    const options = { dtype: 'q8', preparedWeights: folder } as const;
    const expected = await logitsOf(model.folder, options);
    const path = await kept();
    const whole = await readFile(path);
    const random = new Random(11);
    const damaged = Array.from({ length: 5 }, () => {
      const bytes = Buffer.from(whole);
      bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
      return bytes;
    });
    const cut = [0, 5, whole.length - 1].map((length) => whole.subarray(0, length));
    for (const bytes of [...damaged, ...cut]) {
      await writeFile(path, bytes);
      expect(await logitsOf(model.folder, options)).toEqual(expected);
      expect(whole.equals(await readFile(await kept()))).toBe(true);
    }
  });

  it('is not taken for a model whose file was changed in place, whatever its times say', async () => {
    const copy = await copyOfModel();
    const options = { dtype: 'q8', preparedWeights: folder } as const;
    const first = await logitsOf(copy, options);
    const path = join(copy, 'model.safetensors');
    const { atime, mtime } = await stat(path);
    const file = await openSafetensors(path);
    const { shape } = file.tensors.get('model.layers.1.mlp.up_proj.weight')!;
    const tensors: [string, { data: Float32Array; shape: readonly number[] }][] = [];
    for (const tensor of file.tensors.values()) {
      const data = await file.readFloat32(tensor.name);
      tensors.push([tensor.name, { data, shape: tensor.shape }]);
    }
    const changed = tensors.find(([name]) => name === 'model.layers.1.mlp.up_proj.weight')![1];
    expect(shape).toEqual([96, 64]);
    changed.data[5 * 64 + 7]! += 3;
    await writeSafetensors(path, tensors);
    await utimes(path, atime, mtime);
    const second = await logitsOf(copy, options);
    expect(second).not.toEqual(first);
    expect(second).toEqual(await logitsOf(copy, { ...options, preparedWeights: null }));
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('is nothing when a weight is not finite', async () => {
    const copy = await copyOfModel();
    const path = join(copy, 'model.safetensors');
    const file = await openSafetensors(path);
    const tensors: [string, { data: Float32Array; shape: readonly number[] }][] = [];
    for (const { name, shape } of file.tensors.values()) {
      const data = await file.readFloat32(name);
      if (name === 'model.norm.weight') data[3] = Number.NaN;
      tensors.push([name, { data, shape }]);
    }
    await writeSafetensors(path, tensors);
    for (let start = 0; start < 2; start++) {
      const loading = logitsOf(copy, { dtype: 'q8', preparedWeights: folder });
      await expect(loading).rejects.toThrow(ModelFolderError);
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('is nothing of small models, of floats that are mapped as they are, and with null', async () => {
    const small = await randomModel();
    await logitsOf(model.folder, { preparedWeights: folder });
    expect(await readdir(folder)).toEqual([]);
    const decoder = await Decoder.load(small.folder, { dtype: 'q8', preparedWeights: folder });
    await decoder.release();
    await small.remove();
    expect(await readdir(folder)).toEqual([]);
    await logitsOf(model.folder, { dtype: 'q8', preparedWeights: null });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the folder', () => {
  it('need not be writable, nor be there', async () => {
    const file = join(work, 'a-file');
    await writeFile(file, '');
    const expected = await logitsOf(model.folder, { dtype: 'q8', preparedWeights: null });
    const options = { dtype: 'q8', preparedWeights: join(file, 'below') } as const;
    expect(await logitsOf(model.folder, options)).toEqual(expected);
    const full = '/dev/full';
    expect(await logitsOf(model.folder, { ...options, preparedWeights: full })).toEqual(expected);
  });

  it('is named by a path, null or the environment', async () => {
    for (const bad of ['', 5, false]) {
      const loading = Decoder.load(model.folder, { preparedWeights: bad as string });
      await expect(loading).rejects.toThrow(InvalidArgumentError);
    }
    const { NAMM_PREPARED_WEIGHTS: before, XDG_CACHE_HOME: cache } = process.env;
    try {
      process.env.NAMM_PREPARED_WEIGHTS = 'off';
      expect(defaultPreparedFolder()).toBeNull();
      process.env.NAMM_PREPARED_WEIGHTS = folder;
      expect(defaultPreparedFolder()).toBe(folder);
      await logitsOf(model.folder, { dtype: 'q8' });
      await kept();
      delete process.env.NAMM_PREPARED_WEIGHTS;
      process.env.XDG_CACHE_HOME = work;
      expect(defaultPreparedFolder()).toBe(join(work, 'namm', 'prepared'));
    } finally {
      const restore = (name: string, value: string | undefined) => {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      };
      restore('NAMM_PREPARED_WEIGHTS', before);
      restore('XDG_CACHE_HOME', cache);
    }
  });

  it('keeps what was used last, and nothing that killed processes left', async () => {
    await mkdir(folder);
    const name = (i: number) => `${String(i).repeat(64)}.weights`;
    const put = async (file: string, age: number) => {
      await writeFile(join(folder, file), new Uint8Array(100));
      const time = new Date(Date.now() - age);
      await utimes(join(folder, file), time, time);
    };
    for (const i of [1, 2, 3]) await put(name(i), 1000 * (i === 2 ? 50 : i));
    const day = 24 * 60 * 60 * 1000;
    await put(`.${name(4)}.0123456789ab.tmp`, 2 * day);
    await put(`.${name(5)}.0123456789ab.tmp`, day / 2);
    await put('mine.txt', 9 * day);
    expect(await makeRoom(folder, 100, 300)).toBe(true);
    const left = [`.${name(5)}.0123456789ab.tmp`, name(1), name(3), 'mine.txt'];
    expect((await readdir(folder)).sort()).toEqual(left);
    expect(await makeRoom(folder, 301, 300)).toBe(false);
    expect((await readdir(folder)).sort()).toEqual(left);
    expect(await makeRoom(folder, 250, 300)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual([left[0], 'mine.txt']);
  });
});
