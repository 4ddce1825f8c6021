import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError, InvalidArgumentError } from '@namm/core';
import {
  CacheBusyError,
  CacheFailedError,
  type EvictionPolicy,
  type KVCache,
  type Probe,
  sinkRecent,
} from '@namm/kv-cache';
import { openSafetensors } from '@namm/tensors';
import { type RandomModel, randomModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CacheUseError,
  Decoder,
  DecoderInputError,
  ModelFolderError,
  NonFiniteError,
  PositionLimitError,
} from '../src/index.js';
import { attentionsOf } from '../src/spec/layers-of.js';
import { feed, largestDifference, quiet } from './helpers.js';

const ids = [3, 1, 4, 1, 5, 9, 2, 6];
let model: RandomModel;
let decoder: Decoder;
beforeAll(async () => {
  model = await randomModel();
  decoder = await Decoder.load(model.folder, { ...quiet, chunkSize: 4 });
});
afterAll(async () => {
  await decoder.release();
  await model.remove();
});

describe('step', () => {
  it('gives the rows asked for and tells its progress', async () => {
    const events: number[] = [];
    const onProgress = ({ done }: { done: number }) => events.push(done);
    const item = (outputs: 'last' | 'all' | 'none') => ({
      cache: decoder.createCache(),
      input: { ids },
      outputs,
    });
    const [all, last, none] = await decoder.step([item('all'), item('last'), item('none')], {
      onProgress,
    });
    expect(all!.logits.length).toBe(8 * 23);
    expect(all!.hidden.length).toBe(8 * 16);
    expect(last!.logits).toEqual(all!.logits.slice(-23));
    expect(none!.logits.length).toBe(0);
    expect(events).toEqual([4, 8, 12, 16, 20, 24]);
  });

  it('takes embedding rows in place of ids', async () => {
    const file = await openSafetensors(join(model.folder, 'model.safetensors'));
    const table = await file.readFloat32('model.embed_tokens.weight');
    const embeddings = Float32Array.from(
      ids.flatMap((id) => [...table.slice(id * 16, id * 16 + 16)]),
    );
    const step = async (input: { ids: number[] } | { embeddings: Float32Array }) =>
      (await decoder.step([{ cache: decoder.createCache(), input }]))[0]!.logits;
    expect(await step({ embeddings })).toEqual(await step({ ids }));
  });

  it('reads a cache that has grown large', async () => {
    // 200 rows of 128 numbers: such heads lie in resizable buffers.
    const wide = await randomModel({ head_dim: 128, num_attention_heads: 2 });
    const wideDecoder = await Decoder.load(wide.folder, quiet);
    const long = Array.from({ length: 200 }, (_, i) => (7 * i) % 23);
    const atOnce = await feed(wideDecoder, wideDecoder.createCache(), long);
    const cache = wideDecoder.createCache();
    const pieces = await feed(wideDecoder, cache, long, [150, 40, 9, 1]);
    expect((cache.keys(0, 0).buffer as ArrayBuffer).byteLength).toBeGreaterThan(2 ** 16);
    expect(largestDifference(pieces, atOnce)).toBeLessThan(1e-4);
    await wideDecoder.release();
    await wide.remove();
  });

  it('continues one prefix eight times for the memory of one', async () => {
    const prefix = Array.from({ length: 240 }, (_, i) => (5 * i) % 23);
    const origin = decoder.createCache();
    await feed(decoder, origin, prefix);
    const forks = Array.from({ length: 8 }, () => origin.fork());
    for (const [i, fork] of forks.entries()) {
      const logits = await feed(decoder, fork, [i, i + 1], [1, 1]);
      const alone = decoder.createCache();
      await feed(decoder, alone, prefix);
      const expected = await feed(decoder, alone, [i, i + 1]);
      expect(largestDifference(logits, expected)).toBeLessThan(1e-5);
    }
    const bytes = [origin, ...forks].map((cache) => cache.memory().bytes);
    const sharedParts = bytes.reduce((sum, { sharedPart }) => sum + sharedPart, 0);
    expect(sharedParts).toBeCloseTo(bytes[0]!.shared);
    for (const { allocated, used, shared } of bytes) {
      expect(shared).toBeLessThan(used * 1.25);
      expect(allocated).toBeLessThan(used / 3); // positions and two rows
    }
  });

  it('stops between chunks and leaves the cache at the end of the last one', async () => {
    const controller = new AbortController();
    const cache = decoder.createCache();
    const onProgress = () => controller.abort();
    const { signal } = controller;
    await expect(
      decoder.step([{ cache, input: { ids } }], { onProgress, signal }),
    ).rejects.toThrow();
    expect(cache.seen).toBe(4);
    const rest = await feed(decoder, cache, ids.slice(4));
    expect(rest).toEqual((await feed(decoder, decoder.createCache(), ids)).slice(4 * 23));
  });

  it.each([
    ['no tokens', { ids: [] }],
    ['a negative id', { ids: [1, -1] }],
    ['an id beyond the vocabulary', { ids: [23] }],
    ['a fractional id', { ids: [1.5] }],
    ['an id beyond 32 bits', { ids: [2 ** 32] }],
    ['half a row', { embeddings: new Float32Array(24) }],
    ['no rows', { embeddings: new Float32Array(0) }],
    ['rows of doubles', { embeddings: new Float64Array(16) as unknown as Float32Array }],
    ['a set of ids', { ids: new Set([1]) as unknown as number[] }],
    ['neither', null as unknown as { ids: number[] }],
  ])('refuses %s and leaves the cache as it was', async (_, input) => {
    const cache = decoder.createCache();
    await feed(decoder, cache, ids);
    await expect(decoder.step([{ cache, input }])).rejects.toThrow(DecoderInputError);
    expect(cache.seen).toBe(8);
  });

  it('computes nothing when one of several items is wrong', async () => {
    const cache = decoder.createCache();
    const bad = { cache: decoder.createCache(), input: { ids: [99] } };
    await expect(decoder.step([{ cache, input: { ids } }, bad])).rejects.toThrow('id 99');
    expect(cache.seen).toBe(0);
  });

  it('refuses more positions than the model has, before it computes', async () => {
    const cache = decoder.createCache();
    const long = Array.from({ length: 257 }, () => 1);
    await expect(decoder.step([{ cache, input: { ids: long } }])).rejects.toThrow(
      PositionLimitError,
    );
    expect(cache.seen).toBe(0);
  });

  it.each([
    ['nothing', undefined],
    ['a list of tensors', [new Float32Array(4)]],
    ["another library's cache", { get_seq_length: () => 4, update() {} }],
    ['a name', 'cache'],
  ])('refuses %s in place of a cache', async (_, cache) => {
    const step = decoder.step([{ cache: cache as unknown as KVCache, input: { ids } }]);
    await expect(step).rejects.toThrow(CacheUseError);
    await expect(step).rejects.toThrow('createCache');
  });

  it('leaves a cache readable, and no more, when its policy throws between chunks', async () => {
    const policy = sinkRecent({ budget: 3 });
    let passes = 0;
    const failing: EvictionPolicy = {
      ...policy,
      start(shape) {
        const state = policy.start(shape);
        const select = state.select.bind(state);
        state.select = async (view) => {
          if (++passes === 2) throw new RangeError('out of something');
          return select(view);
        };
        return state;
      },
    };
    const cache = decoder.createCache({ policy: failing });
    await expect(decoder.step([{ cache, input: { ids } }])).rejects.toThrow(RangeError);
    expect(cache.seen).toBe(8);
    expect([...cache.positions(0, 0)]).toEqual([0, 1, 3, 4, 5, 6, 7]);
    await expect(decoder.step([{ cache, input: { ids } }])).rejects.toThrow(CacheFailedError);
  });

  it('refuses a cache of another model, twice the same cache, and one in use', async () => {
    const other = await randomModel({}, 2);
    const otherDecoder = await Decoder.load(other.folder, quiet);
    const foreign = { cache: otherDecoder.createCache(), input: { ids } };
    await expect(decoder.step([foreign])).rejects.toThrow('another model');
    const own = { cache: decoder.createCache(), input: { ids } };
    await expect(decoder.step([own, own])).rejects.toThrow(CacheBusyError);
    const twin = await Decoder.load(model.folder, quiet);
    const running = decoder.step([own]);
    await expect(decoder.step([own])).rejects.toThrow(CacheBusyError);
    await expect(twin.step([own])).rejects.toThrow(CacheBusyError);
    expect(() => own.cache.keep([null, null])).toThrow(CacheBusyError);
    expect(() => own.cache.fork()).toThrow(CacheBusyError);
    await running;
    expect(own.cache.seen).toBe(8);
    expect(own.cache.fork().seen).toBe(8);
    await twin.release();
    await otherDecoder.release();
    await other.remove();
  });

  it.each([
    ['model.layers.1.mlp.up_proj.weight', 'last'],
    ['model.layers.1.self_attn.v_proj.weight', 'none'],
  ] as const)(
    'names the weight %s that makes it compute NaN with outputs %s',
    async (name, outputs) => {
      const broken = await randomModel();
      const path = join(broken.folder, 'model.safetensors');
      const bytes = readFileSync(path);
      bytes.writeFloatLE(Number.NaN, (await openSafetensors(path)).entry(name).offset);
      await writeFile(path, bytes);
      const brokenDecoder = await Decoder.load(broken.folder, quiet);
      const cache = brokenDecoder.createCache();
      const step = brokenDecoder.step([{ cache, input: { ids }, outputs }]);
      await expect(step).rejects.toThrow(NonFiniteError);
      await expect(step).rejects.toThrow(name);
      expect(cache.seen).toBe(0);
      await brokenDecoder.release();
      await brokenDecoder.release(); // a second call does nothing
      await broken.remove();
    },
  );
});

describe('context extension', () => {
  it('is the same as a model with the larger RoPE base', async () => {
    // base · ((α · factor) − (α − 1))^(d/(d−2)) with d = 6, α = 2, factor = 4
    const extended = await Decoder.load(model.folder, {
      ...quiet,
      ropeScaling: { factor: 4, alpha: 2 },
    });
    const larger = await randomModel({ rope_theta: 100 * (2 * 4 - 1) ** 1.5 });
    const largerDecoder = await Decoder.load(larger.folder, quiet);
    const logits = await feed(extended, extended.createCache(), ids);
    expect(logits).toEqual(await feed(largerDecoder, largerDecoder.createCache(), ids));
    expect(extended.spec.maximumPositions).toBe(1024);
    await expect(
      extended.step([{ cache: largerDecoder.createCache(), input: { ids } }]),
    ).rejects.toThrow(CacheUseError);
    await extended.release();
    await largerDecoder.release();
    await larger.remove();
  });

  it('is YaRN as a configuration asks for it', async () => {
    const options = { ...quiet, ropeScaling: { factor: 4, kind: 'yarn' } } as const;
    const extended = await Decoder.load(model.folder, options);
    const rope_scaling = { type: 'yarn', factor: 4, original_max_position_embeddings: 256 };
    const configured = await randomModel({ rope_scaling, max_position_embeddings: 1024 });
    const configuredDecoder = await Decoder.load(configured.folder, quiet);
    expect(extended.spec.rotary).toEqual(configuredDecoder.spec.rotary);
    expect(extended.spec.maximumPositions).toBe(1024);
    const logits = await feed(extended, extended.createCache(), ids);
    expect(logits).toEqual(await feed(configuredDecoder, configuredDecoder.createCache(), ids));
    await extended.release();
    await configuredDecoder.release();
    await configured.remove();
  });

  it('sharpens attention by the factor on its logits', async () => {
    const sharpened = await Decoder.load(model.folder, {
      ...quiet,
      ropeScaling: { factor: 1, logitFactor: 1.5 },
    });
    const scaleOf = ({ spec }: Decoder) => attentionsOf(spec)[0]!.scale;
    const ratio = scaleOf(sharpened) / scaleOf(decoder);
    expect(ratio).toBeCloseTo(1.5, 12);
    const difference = largestDifference(
      await feed(sharpened, sharpened.createCache(), ids),
      await feed(decoder, decoder.createCache(), ids),
    );
    expect(difference).toBeGreaterThan(1e-2);
    await sharpened.release();
  });

  it.each([
    ['ropeScaling.factor', { ropeScaling: { factor: 0.5 } }],
    ['ropeScaling.alpha', { ropeScaling: { factor: 2, alpha: 0 } }],
    ['ropeScaling.alpha', { ropeScaling: { factor: 2, kind: 'yarn' as const, alpha: 2 } }],
    ['ropeScaling.kind', { ropeScaling: { factor: 2, kind: 'linear' as 'ntk' } }],
    ['ropeScaling.logitFactor', { ropeScaling: { factor: 1, logitFactor: -1 } }],
    ['maximumPositions', { maximumPositions: 0 }],
    ['chunkSize', { chunkSize: 0 }],
    ['threads', { threads: 1.5 }],
    ['ropeScaling.logitFactor', { ropeScaling: { factor: 1, logitFactor: 1e300 } }],
    ['probe', { probe: { kind: 'everything' } as unknown as Probe }],
    ['probe.count', { probe: { kind: 'lastQueries', count: 0 } as const }],
  ])('refuses a bad %s by name', async (option, options) => {
    const load = Decoder.load(model.folder, options);
    await expect(load).rejects.toThrow(InvalidArgumentError);
    await expect(load).rejects.toThrow(option);
  });

  it('refuses to extend a model that has its own scaling', async () => {
    const scaled = await randomModel({ rope_scaling: { type: 'linear', factor: 2 } });
    const load = Decoder.load(scaled.folder, { ropeScaling: { factor: 2 } });
    await expect(load).rejects.toThrow('linear');
    await scaled.remove();
  });
});

describe('load', () => {
  it('follows links as in the hub cache, also where files of a folder lie apart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-links-'));
    await symlink(join(model.folder, 'config.json'), join(folder, 'config.json'));
    await symlink(join(model.folder, 'model.safetensors'), join(folder, 'model.safetensors'));
    const linked = await Decoder.load(folder, quiet);
    expect(linked.cacheShape).toEqual(decoder.cacheShape);
    await linked.release();
    await rm(folder, { recursive: true });
  });

  it('reads weights whose file puts numbers at odd addresses', async () => {
    const odd = await mkdtemp(join(tmpdir(), 'namm-odd-'));
    await copyFile(join(model.folder, 'config.json'), join(odd, 'config.json'));
    const bytes = readFileSync(join(model.folder, 'model.safetensors'));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = Buffer.concat([bytes.subarray(8, 8 + length), Buffer.from('   ')]);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    const shifted = Buffer.concat([size, header, bytes.subarray(8 + length)]);
    await writeFile(join(odd, 'model.safetensors'), shifted);
    const oddDecoder = await Decoder.load(odd, { ...quiet, chunkSize: 4 });
    const logits = await feed(oddDecoder, oddDecoder.createCache(), ids);
    expect(logits).toEqual(await feed(decoder, decoder.createCache(), ids));
    await oddDecoder.release();
    await rm(odd, { recursive: true });
  });

  it.each([
    ['an unknown family', { model_type: 'frob' }, 'model_type'],
    ['heads that do not divide', { num_key_value_heads: 3 }, 'num_key_value_heads'],
    ['an implausible layer count', { num_hidden_layers: 1e6 }, 'num_hidden_layers'],
    ['a vocabulary that the weights lack', { vocab_size: 1e9 }, 'model.embed_tokens.weight'],
    ['missing layers', { num_hidden_layers: 3 }, 'model.layers.2'],
    ['layers too many', { num_hidden_layers: 1 }, 'model.layers.1'],
    ['a null epsilon', { rms_norm_eps: null }, 'rms_norm_eps'],
    ['a bias the weights lack', { attention_bias: true }, 'q_proj.bias'],
    ['quantised weights', { quantization_config: { bits: 4 } }, 'quantization_config'],
    ['a tied head beside another one', { tie_word_embeddings: true }, 'lm_head.weight'],
    ['an unknown RoPE scaling', { rope_scaling: { type: 'frob', factor: 2 } }, 'frob'],
  ])('refuses %s and says where', async (_, config, where) => {
    const broken = await randomModel();
    const configFile = join(broken.folder, 'config.json');
    const values = { ...JSON.parse(readFileSync(configFile, 'utf8')), ...config };
    await writeFile(configFile, JSON.stringify(values));
    const load = Decoder.load(broken.folder, quiet);
    await expect(load).rejects.toThrow(ModelFolderError);
    await expect(load).rejects.toThrow(where);
    await broken.remove();
  });

  it.each([
    ['../other/model.safetensors'],
    ['/etc/passwd'],
    ['..\\model.safetensors'],
    ['a\u0000.safetensors'],
    [7],
  ])('refuses %j as the name of a shard', async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-shards-'));
    await copyFile(join(model.folder, 'config.json'), join(folder, 'config.json'));
    const index = { weight_map: { 'lm_head.weight': name } };
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
    await expect(Decoder.load(folder)).rejects.toThrow('not a plain .safetensors name');
    await rm(folder, { recursive: true });
  });

  it('refuses a folder without weights and a damaged weight file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'namm-empty-'));
    await expect(Decoder.load(folder)).rejects.toThrow('config.json');
    await copyFile(join(model.folder, 'config.json'), join(folder, 'config.json'));
    await expect(Decoder.load(folder)).rejects.toThrow('model.safetensors');
    await writeFile(join(folder, 'model.safetensors'), 'not weights at all');
    await expect(Decoder.load(folder)).rejects.toThrow(FileFormatError);
    await rm(folder, { recursive: true });
  });
});
