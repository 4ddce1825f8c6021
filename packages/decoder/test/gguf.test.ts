import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError, Random } from '@namm/core';
import {
  dequantise,
  type GgufTensorData,
  type GgufTypedValue,
  openSafetensors,
  serializeGguf,
  writeSafetensors,
} from '@namm/tensors';
import { ggufModel, randomBlocks, randomModel, readFolder, writeGgufModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decoder, type DecoderOptions, ModelFolderError, openModel } from '../src/index.js';
import { feed, largestDifference, quiet } from './helpers.js';

const fixtures = join(import.meta.dirname, '__fixtures__');
let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'namm-gguf-'));
});
afterAll(() => rm(work, { recursive: true }));

const ids = [3, 1, 4, 1, 5, 9, 2, 6];

async function logitsOf(
  path: string,
  tokens: readonly number[] = ids,
  options: DecoderOptions = {},
): Promise<number[]> {
  const decoder = await Decoder.load(path, { ...quiet, ...options });
  const logits = await feed(decoder, decoder.createCache(), tokens);
  await decoder.release();
  return logits;
}

/** Fixtures whose configuration says what a GGUF file cannot: with this instead there is no record of PyTorch. */
const changes: Readonly<Record<string, object>> = {
  gemma2: { query_pre_attn_scalar: 16 },
  'gemma3-text': { query_pre_attn_scalar: 12 },
  'configurations/gemma3-short': { query_pre_attn_scalar: 8 },
  smollm3: { no_rope_layers: null, no_rope_layer_interval: 4 },
};

const folders = [
  ...readdirSync(fixtures, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'configurations')
    .map(({ name }) => name)
    .filter((name) => !/^(lfm2-bias|gpt-oss.*)$/.test(name)), // the one has no tensors there, the others are refused
  'configurations/gemma3-short',
  'configurations/mistral-default',
  'configurations/phi3-longrope',
  'configurations/smollm3-deft',
];

/** Where the graph is not the same: another layout of matrices, factors of RoPE rounded another way. */
const notTheSameBits = new Set(['gpt2-hub-names', 'configurations/phi3-longrope']);

describe.each(folders)('%s as a GGUF file', (name) => {
  it('gives the logits of the folder, and those of PyTorch', async () => {
    const folder = join(fixtures, name);
    const { config, tensors } = await readFolder(folder);
    const path = join(work, `${name.replace('/', '-')}.gguf`);
    const all = { ...config, ...changes[name] };
    await writeGgufModel(path, { config: all, tensors });
    const facts = JSON.parse(readFileSync(join(folder, 'fixture.json'), 'utf8'));
    const tokens = facts.input_ids as number[];
    const logits = await logitsOf(path, tokens);
    let twin = folder;
    if (name in changes) {
      twin = join(work, name.replace('/', '-'));
      await cp(folder, twin, { recursive: true });
      await writeFile(join(twin, 'config.json'), JSON.stringify(all));
    } else {
      const expected = await openSafetensors(join(folder, 'expected.safetensors'));
      const recorded = await expected.readFloat32('logits');
      expect(largestDifference(logits, recorded)).toBeLessThan(1e-4);
    }
    const same = await logitsOf(twin, tokens);
    if (notTheSameBits.has(name)) expect(largestDifference(logits, same)).toBeLessThan(2e-5);
    else expect(logits).toEqual(same);
  });
});

/** A model whose matrices are of random blocks, as a GGUF file, and as a folder with their numbers. */
async function quantised(type: string): Promise<{ gguf: string; folder: string }> {
  const model = await randomModel({
    ...{ hidden_size: 256, intermediate_size: 256, head_dim: 32, num_attention_heads: 8 },
    tie_word_embeddings: true,
  });
  const { config, tensors } = await readFolder(model.folder);
  await model.remove();
  const random = new Random(7);
  const twins: Record<string, { data: Float32Array; shape: readonly number[] }> = {};
  for (const [name, { shape, bytes }] of tensors) {
    let data = new Float32Array(bytes.slice().buffer);
    if (shape.length === 2) {
      const blocks = randomBlocks(type, shape, random);
      data = new Float32Array(shape[0]! * shape[1]!);
      dequantise(type, blocks.bytes, data);
      tensors.set(name, blocks);
    }
    twins[name] = { data, shape };
  }
  const folder = join(work, `twin-${type}`);
  await mkdir(folder);
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    Object.entries(twins).map(([name, { data, shape }]) => [name, { data, shape: [...shape] }]),
  );
  const gguf = join(work, `${type}.gguf`);
  await writeGgufModel(gguf, { config, tensors });
  return { gguf, folder };
}

const blockTypes = 'Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL'.split(' ');
describe.each(blockTypes)('a model in %s', (type) => {
  let twins: { gguf: string; folder: string };
  let expected: number[];
  let spread: number;
  // More tokens than a chunk holds: one of the chunks then wants no logits.
  const tokens = Array.from({ length: 12 }, (_, i) => (7 * i) % 23);
  const chunked = { chunkSize: 5 };
  beforeAll(async () => {
    twins = await quantised(type);
    expected = await logitsOf(twins.folder, tokens, chunked);
    spread = Math.max(...expected) - Math.min(...expected);
    expect(spread).toBeGreaterThan(0.1); // logits that say something
  });

  it('gives the bits of its numbers in float32', async () => {
    const logits = await logitsOf(twins.gguf, tokens, { ...chunked, dtype: 'fp32' });
    expect(logits).toEqual(expected);
  });

  it('gives nearly the same in its own bits', async () => {
    const logits = await logitsOf(twins.gguf, tokens, chunked);
    const difference = largestDifference(logits, expected);
    expect(difference).toBeLessThan(0.06 * spread);
    expect(difference).toBeGreaterThan(0);
  });
});

describe('factors of RoPE', () => {
  it('are those of Llama 3', async () => {
    const model = await randomModel({
      ...{ head_dim: 32, hidden_size: 32, max_position_embeddings: 128 },
      rope_scaling: {
        ...{ rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
        original_max_position_embeddings: 32,
      },
    });
    const path = join(work, 'llama3.gguf');
    await writeGgufModel(path, await readFolder(model.folder));
    const tokens = Array.from({ length: 60 }, (_, i) => (i * 7) % 23);
    const [scaled, expected] = [await logitsOf(path, tokens), await logitsOf(model.folder, tokens)];
    expect(largestDifference(scaled, expected)).toBeLessThan(5e-5);
    const { config, tensors } = await readFolder(model.folder);
    await writeGgufModel(path, { config: { ...config, rope_scaling: null }, tensors });
    expect(largestDifference(await logitsOf(path, tokens), expected)).toBeGreaterThan(0.01);
    await model.remove();
  });
});

describe('where a GGUF model is', () => {
  let expected: number[];
  let plain: Awaited<ReturnType<typeof readFolder>>;
  beforeAll(async () => {
    const model = await randomModel();
    plain = await readFolder(model.folder);
    expected = await logitsOf(model.folder);
    await model.remove();
  });

  it('a folder that holds one, a link to it, beside a config.json', async () => {
    const folder = join(work, 'holds-one');
    await mkdir(folder);
    await writeGgufModel(join(work, 'blob'), plain);
    await symlink(join(work, 'blob'), join(folder, 'model-f32.gguf'));
    await writeFile(join(folder, 'config.json'), JSON.stringify(plain.config));
    await writeFile(join(folder, 'mmproj-model.gguf'), 'no model');
    expect(await logitsOf(folder)).toEqual(expected);
    await writeFile(join(folder, 'other.gguf'), 'another');
    await expect(Decoder.load(folder)).rejects.toThrow(
      'holds several GGUF files: model-f32.gguf, other.gguf. Name one of them',
    );
  });

  it('several files', async () => {
    const folder = join(work, 'split');
    await mkdir(folder);
    const { metadata, tensors } = ggufModel(plain);
    const int = (value: number): GgufTypedValue => ({ type: 'uint32', value });
    const third = Math.ceil(tensors.length / 3);
    for (let i = 0; i < 3; i++) {
      const split = {
        ...{ 'split.no': int(i), 'split.count': int(3) },
        'split.tensors.count': int(tensors.length),
      };
      const bytes = serializeGguf(
        { ...(i === 0 ? metadata : {}), ...split },
        tensors.slice(i * third, (i + 1) * third),
      );
      await writeFile(join(folder, `m-0000${i + 1}-of-00003.gguf`), bytes);
    }
    expect(await logitsOf(folder)).toEqual(expected);
    expect(await logitsOf(join(folder, 'm-00001-of-00003.gguf'))).toEqual(expected);
  });

  it('has a digest of its weights', async () => {
    const [one, two] = [join(work, 'one.gguf'), join(work, 'two.gguf')];
    await writeGgufModel(one, plain);
    const bytes = await readFile(one);
    bytes[bytes.length - 33]! ^= 1;
    await writeFile(two, bytes);
    const digests = await Promise.all(
      [one, one, two].map(async (p) => (await openModel(p)).digest),
    );
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).not.toBe(digests[2]);
  });

  const text = (value: string): GgufTypedValue => ({ type: 'text', value });
  const uint = (value: number): GgufTypedValue => ({ type: 'uint32', value });
  const refusals: [what: string, more: Record<string, GgufTypedValue | null>, message: string][] = [
    ['an adapter', { 'general.type': text('adapter') }, 'holds a "adapter" (key "general.type")'],
    [
      'an encoder',
      { 'general.architecture': text('bert') },
      '"bert" is not supported; supported are',
    ],
    ['no architecture', { 'general.architecture': null }, 'key "general.architecture" is missing'],
    ['a missing key', { 'llama.block_count': null }, 'key "llama.block_count" is missing'],
    [
      'a key of the wrong kind',
      { 'llama.block_count': text('2') },
      '"llama.block_count" is not a number',
    ],
    ['a count that cannot be', { 'llama.block_count': uint(0) }, 'num_hidden_layers: 0'],
    ['layers without end', { 'llama.block_count': uint(4e9) }, 'num_hidden_layers: 4000000000'],
    ['experts', { 'llama.expert_count': uint(8) }, 'key "llama.expert_count" "8" is not supported'],
    [
      'a key that nobody knows',
      { 'llama.attention.clamp_kqv': { type: 'float32', value: 8 } },
      'key "llama.attention.clamp_kqv" is not known here',
    ],
    [
      'a text encoder',
      { 'llama.attention.causal': { type: 'bool', value: false } },
      'key "llama.attention.causal" "false" is not supported',
    ],
    [
      'an unknown scaling',
      { 'llama.rope.scaling.type': text('magic') },
      "'magic' is none of none, linear",
    ],
    ['RoPE on part of a head', { 'llama.rope.dimension_count': uint(2) }, 'rope.dimension_count'],
  ];
  it.each(refusals)('is refused for %s', async (_, more, message) => {
    const path = join(work, 'refused.gguf');
    await writeGgufModel(path, plain, more);
    const error: unknown = await Decoder.load(path, quiet).catch((reason) => reason);
    expect(String(error)).toContain(path);
    expect(String(error)).toContain(message);
    const isTyped = error instanceof ModelFolderError || error instanceof FileFormatError;
    expect(isTyped).toBe(true);
  });

  const tensorsRefused: [
    what: string,
    change: (all: Map<string, GgufTensorData>) => void,
    message: string,
  ][] = [
    [
      'a LoRA',
      (all) => all.set('blk.0.attn_q.weight.lora_a', all.get('blk.0.attn_norm.weight')!),
      'tensor "blk.0.attn_q.weight.lora_a" has no place',
    ],
    [
      'a missing tensor',
      (all) => all.delete('blk.1.ffn_up.weight'),
      'lack model.layers.1.mlp.up_proj',
    ],
    [
      'a layer too many',
      (all) => all.set('blk.2.attn_norm.weight', all.get('blk.0.attn_norm.weight')!),
      'model.layers.2.input_layernorm.weight would be left out',
    ],
    [
      'a type that cannot be dequantised',
      (all) =>
        all.set('output_norm.weight', { type: 'I8', shape: [16], bytes: new Uint8Array(16) }),
      'model.norm.weight is stored as I8; only weights of F64, F32',
    ],
  ];
  it.each(tensorsRefused)('is refused for %s', async (_, change, message) => {
    const { metadata, tensors } = ggufModel(plain);
    const all = new Map(tensors);
    change(all);
    const path = join(work, 'refused.gguf');
    await writeFile(path, serializeGguf(metadata, all));
    await expect(Decoder.load(path, quiet)).rejects.toThrow(ModelFolderError);
    await expect(Decoder.load(path, quiet)).rejects.toThrow(message);
  });
});
