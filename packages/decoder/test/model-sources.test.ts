import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { openSafetensors, writeSafetensors } from '@namm/tensors';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Decoder,
  type DecoderSpec,
  ModelFolderError,
  type ModelSource,
  openModel,
  type Runtime,
  type Weight,
} from '../src/index.js';
import { feed, largestDifference, quiet } from './helpers.js';

const ids = [3, 1, 4, 1, 5, 9, 2, 6];
let model: RandomModel;
let source: ModelSource;
let expected: number[];
beforeAll(async () => {
  model = await randomModel({ tie_word_embeddings: false });
  source = await openModel(model.folder);
  expected = await logitsOf(model.folder);
});
afterAll(() => model.remove());

async function logitsOf(model: string | ModelSource): Promise<number[]> {
  const decoder = await Decoder.load(model, quiet);
  const logits = await feed(decoder, decoder.createCache(), ids);
  await decoder.release();
  return logits;
}

/** The weights with one of them changed. */
function withWeight(name: string, changes: Partial<Weight>): ModelSource {
  const weights = new Map(source.weights);
  weights.set(name, { ...weights.get(name)!, ...changes });
  return { ...source, weights };
}

async function bytesOf({ location }: Weight): Promise<Uint8Array> {
  if (location.kind === 'memory') return location.bytes;
  const file = await readFile(location.path);
  return file.subarray(location.offset, location.offset + location.length);
}

describe('a model', () => {
  it('whose weights are in memory, at any address, gives the same bits', async () => {
    const weights = new Map<string, Weight>();
    const rooms: Uint8Array[] = [];
    for (const [i, weight] of [...source.weights.values()].entries()) {
      const bytes = await bytesOf(weight);
      const start = i % 3; // two of three at addresses that numbers must not have
      const room = new Uint8Array(bytes.length + start);
      room.set(bytes, start);
      rooms.push(room);
      const location = { kind: 'memory', bytes: room.subarray(start) } as const;
      weights.set(weight.name, { ...weight, location });
    }
    const decoder = await Decoder.load({ ...source, name: 'memory', weights }, quiet);
    for (const room of rooms) room.fill(255); // a loaded model needs them no more
    expect(await feed(decoder, decoder.createCache(), ids)).toEqual(expected);
    await decoder.release();
  });

  it('of which one weight is in memory, the others in a file, gives the same bits', async () => {
    const name = 'model.layers.1.mlp.up_proj.weight';
    const bytes = await bytesOf(source.weights.get(name)!);
    const mixed = withWeight(name, { location: { kind: 'memory', bytes } });
    expect(await logitsOf(mixed)).toEqual(expected);
  });

  it('is refused where a weight is stored in blocks that are not known, or do not fit', async () => {
    const name = 'model.layers.1.mlp.up_proj.weight';
    const location = { kind: 'memory', bytes: new Uint8Array(16 * 24) } as const;
    const unknown = withWeight(name, { format: 'IQ2_S', location });
    await expect(Decoder.load(unknown, quiet)).rejects.toThrow(ModelFolderError);
    await expect(Decoder.load(unknown, quiet)).rejects.toThrow(`${name} is stored as IQ2_S`);
    const uneven = withWeight(name, { format: 'Q4_0', location });
    await expect(Decoder.load(uneven, quiet)).rejects.toThrow('rows of 16 numbers, no multiple');
  });

  it('is refused where the bytes of a weight are too few', async () => {
    const name = 'model.norm.weight';
    const short = withWeight(name, { location: { kind: 'memory', bytes: new Uint8Array(60) } });
    await expect(Decoder.load(short, quiet)).rejects.toThrow(`${name} has 60 bytes`);
  });

  it('is computed by the runtime it is given', async () => {
    const asked: string[] = [];
    const { ortNode } = await import('../src/runtime/ort-node.js');
    const runtime: Runtime = {
      name: 'listening',
      async load(graph, options) {
        const session = await ortNode.load(graph, options);
        return {
          run: async (feeds) => {
            asked.push(...feeds.keys());
            return session.run(feeds);
          },
          release: () => session.release(),
        };
      },
    };
    const decoder = await Decoder.load(source, { ...quiet, runtime });
    expect(await feed(decoder, decoder.createCache(), ids)).toEqual(expected);
    expect(asked).toContain('past.1.1.own.keys');
    await decoder.release();
  });

  const { raw } = String;
  it.each([
    [
      raw`spec.layers[1].attention.output`,
      (s: Mutable) => (s.layers[1].attention.output.inputs = 7),
    ],
    [raw`spec.layers[0].attention.rotary`, (s: Mutable) => (s.layers[0].attention.rotary = 1)],
    [
      raw`spec.layers[0].attention.keyValueHeads`,
      (s: Mutable) => (s.layers[0].attention.keyValueHeads = 3),
    ],
    [
      raw`spec.layers[0].norms.beforeAttention.size`,
      (s: Mutable) => (s.layers[0].norms.beforeAttention.size = 15),
    ],
    [
      raw`spec.layers[0].feedForward.gate`,
      (s: Mutable) => (s.layers[0].feedForward.gate.outputs = 5),
    ],
    [raw`spec.hiddenSize`, (s: Mutable) => (s.hiddenSize = 0)],
    [raw`spec.vocabularySize`, (s: Mutable) => (s.vocabularySize = null)],
    [raw`spec.head.linear`, (s: Mutable) => (s.vocabularySize = 24)],
    [raw`spec.layers`, (s: Mutable) => (s.layers = [])],
    [raw`spec.rotary[0].size`, (s: Mutable) => (s.rotary[0].size = 5)],
    [raw`spec.rotary[0].axes`, (s: Mutable) => (s.rotary[0].axes = [0, 1, 1])],
  ])('is refused when its %s cannot be', async (part, change) => {
    const spec = structuredClone(source.spec);
    change(spec as unknown as Mutable);
    const load = Decoder.load({ ...source, spec }, quiet);
    await expect(load).rejects.toThrow(InvalidArgumentError);
    await expect(load).rejects.toThrow(part);
  });

  it('is refused when it is none', async () => {
    const load = (changes: object | null) =>
      Decoder.load((changes && { ...source, ...changes }) as ModelSource, quiet);
    await expect(load(null)).rejects.toThrow('model: is not the path of a folder, nor');
    await expect(load({ weights: {} })).rejects.toThrow(InvalidArgumentError);
    await expect(load({ digest: '' })).rejects.toThrow('model.digest');
    await expect(load({ spec: {} })).rejects.toThrow('spec.family: is missing');
    const [first, ...rest] = source.spec.layers;
    const half = { ...source.spec, layers: [{ ...first, feedForward: {} }, ...rest] };
    await expect(load({ spec: half })).rejects.toThrow('spec.layers[0]: lacks');
  });

  it('refuses options that there are not', async () => {
    const options = { ...quiet, contextExtension: { factor: 2 } };
    await expect(Decoder.load(source, options)).rejects.toThrow('contextExtension');
    const scaled = { ...quiet, ropeScaling: { factor: 2, beta: 3 } };
    await expect(Decoder.load(source, scaled)).rejects.toThrow('beta');
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a spec that is broken on purpose
type Mutable = any;

describe('a tied matrix', () => {
  it('that is stored as lm_head.weight alone is the embedding too, as in transformers', async () => {
    const tied = await randomModel({ tie_word_embeddings: true }, 3);
    const alone = await randomModel({ tie_word_embeddings: true }, 3);
    const path = join(alone.folder, 'model.safetensors');
    const file = await openSafetensors(path);
    const tensors = [];
    for (const { name, shape } of file.tensors.values()) {
      const stored = name === 'model.embed_tokens.weight' ? 'lm_head.weight' : name;
      tensors.push([stored, { data: await file.readFloat32(name), shape: [...shape] }] as const);
    }
    await writeSafetensors(path, tensors);
    expect((await openSafetensors(path)).tensors.has('model.embed_tokens.weight')).toBe(false);
    expect(await logitsOf(alone.folder)).toEqual(await logitsOf(tied.folder));
    await Promise.all([tied.remove(), alone.remove()]);
  });
});

describe('the position limit', () => {
  const reach = async (rope_scaling: object, more: object = {}): Promise<number> => {
    const scaled = await randomModel({ rope_scaling, ...more });
    const { spec } = await openModel(scaled.folder);
    await scaled.remove();
    return spec.maximumPositions;
  };
  it.each([
    [
      'YaRN, trained length stated',
      { type: 'yarn', factor: 4, original_max_position_embeddings: 256 },
      {},
      1024,
    ],
    ['YaRN, nothing but a factor', { type: 'yarn', factor: 4 }, {}, 1024],
    [
      'YaRN, reach stated',
      { type: 'yarn', factor: 4, original_max_position_embeddings: 64 },
      {},
      256,
    ],
    ['linear', { type: 'linear', factor: 2.5 }, {}, 640],
    [
      'linear, reach stated',
      { type: 'linear', factor: 2, original_max_position_embeddings: 128 },
      {},
      256,
    ],
    [
      'linear, in the other dialect',
      { rope_type: 'linear', factor: 2 },
      { original_max_position_embeddings: 200 },
      400,
    ],
    ['a factor below 1', { type: 'linear', factor: 0.5 }, {}, 256],
    [
      'llama3',
      {
        rope_type: 'llama3',
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 16,
      },
      {},
      256,
    ],
  ])('is what RoPE reaches: %s', async (_, scaling, more, expected) => {
    expect(await reach(scaling, more)).toBe(expected);
  });

  it('lets a sequence go on to factor times the trained length', async () => {
    const rope_scaling = { type: 'linear', factor: 2 };
    const scaled = await randomModel({ rope_scaling, max_position_embeddings: 16 });
    const decoder = await Decoder.load(scaled.folder, quiet);
    const step = (count: number) =>
      decoder.step([
        { cache: decoder.createCache(), input: { ids: new Array<number>(count).fill(1) } },
      ]);
    await expect(step(33)).rejects.toThrow('made for 32');
    await step(32);
    await decoder.release();
    await scaled.remove();
  });
});

describe('a backbone without a vocabulary', () => {
  const folder = join(import.meta.dirname, '__fixtures__', 'gpt2-hub-names');
  const without = (spec: DecoderSpec): DecoderSpec => ({
    ...spec,
    vocabularySize: null,
    embedding: null,
    head: null,
  });

  it('turns rows into the hidden states of the whole model', async () => {
    const whole = await openModel(folder);
    const table = await openSafetensors(join(folder, 'model.safetensors'));
    const name = whole.spec.embedding!.weight;
    const { hiddenSize } = whole.spec;
    const rows = await table.readFloat32(name);
    const embeddings = Float32Array.from(
      ids.flatMap((id) => [...rows.subarray(id * hiddenSize, (id + 1) * hiddenSize)]),
    );
    const decoder = await Decoder.load(whole, quiet);
    const backbone = await Decoder.load({ ...whole, spec: without(whole.spec) }, quiet);
    const all = { outputs: 'all' } as const;
    const [full] = await decoder.step([{ cache: decoder.createCache(), input: { ids }, ...all }]);
    const [bare] = await backbone.step([
      { cache: backbone.createCache(), input: { embeddings }, ...all },
    ]);
    expect(bare!.hidden).toEqual(full!.hidden);
    expect(bare!.logits.length).toBe(0);
    const step = backbone.step([{ cache: backbone.createCache(), input: { ids } }]);
    await expect(step).rejects.toThrow('feed it { embeddings }');
    await Promise.all([decoder.release(), backbone.release()]);
  });

  it('adds the first learned position to every token, as a Decision Transformer does', async () => {
    const whole = await openModel(folder);
    const { hiddenSize, learnedPositions } = whole.spec;
    const file = await openSafetensors(join(folder, 'model.safetensors'));
    const wpe = await file.readFloat32(learnedPositions!.weight);
    const embeddings = Float32Array.from({ length: 6 * hiddenSize }, (_, i) => Math.sin(7 * i));
    const added = embeddings.map((x, i) => x + wpe[i % hiddenSize]!);
    const bare = without(whole.spec);
    const zero = await Decoder.load({ ...whole, spec: { ...bare, positionAxes: 1 } }, quiet);
    const none = await Decoder.load({ ...whole, spec: { ...bare, learnedPositions: null } }, quiet);
    const hidden = async (decoder: Decoder, input: { embeddings: Float32Array }) => {
      const cache = decoder.createCache();
      return (await decoder.step([{ cache, input, outputs: 'all' }]))[0]!.hidden;
    };
    const positions = new Int32Array(6);
    const told = await hidden(zero, { embeddings, positions } as { embeddings: Float32Array });
    expect(largestDifference(told, await hidden(none, { embeddings: added }))).toBeLessThan(1e-5);
    await Promise.all([zero.release(), none.release()]);
  });
});
