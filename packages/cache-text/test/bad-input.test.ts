import { AutoModelForCausalLM, DynamicCache, Tensor } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { CacheUseError, DecoderInputError, PositionLimitError } from '@namm/decoder';
import { CacheBusyError, full, h2o, sinkRecent, snapKV, tova } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NammModelForCausalLM, type NammModelOptions } from '../src/index.js';
import { folder, idsTensor, loadModel, ones, reference } from './helpers.js';

let model: NammModelForCausalLM;
beforeAll(async () => {
  model = await loadModel({ policy: h2o({ budget: 16 }) });
});
afterAll(() => model.dispose());

const input_ids = idsTensor(reference.input_ids);

describe('options of from_pretrained', () => {
  it.each<[string, unknown, RegExp]>([
    ['device', 'webgpu', /device: "webgpu" is not supported; everything is computed on the CPU/],
    ['device', { model: 'cuda' }, /device: \{"model":"cuda"\}/],
    ['dtype', 'q4f16', /dtype: 'q4f16' is not one of auto, fp32, q8, q4/],
    ['model_file_name', 'decoder', /model_file_name: .* no ONNX file is read/],
    ['use_external_data_format', true, /use_external_data_format/],
    ['session_options', { intraOpNumThreads: 2 }, /session_options: .* there is `threads`/],
    ['polcy', full(), /polcy: is not an option of from_pretrained; there are probe, .* policy/],
    ['policy', 'h2o', /policy: is not an eviction policy/],
    ['policy', { module: '@namm/kv-cache', export: 'h2o' }, /policy: .* needs worker: true/],
    ['workerFile', 'worker.js', /workerFile: is an option only with worker: true/],
    ['resourceLimits', {}, /resourceLimits: is an option only with worker: true/],
    ['probe', 'columnSums', /probe: "columnSums" is not a probe; write \{ kind: 'columnSums' \}/],
    ['signal', 'stop', /signal: is not an AbortSignal/],
    ['revision', '../../elsewhere', /revision: .* must stay inside the model/],
    ['subfolder', '/etc', /subfolder/],
    ['chunkSize', 0, /chunkSize/],
    ['config', { hidden_size: 64 }, /config: hidden_size is 64, but 48 in config.json/],
  ])('%s: %j is refused by name', async (name, value, message) => {
    const options = { [name]: value } as NammModelOptions;
    const call = NammModelForCausalLM.from_pretrained(folder, options);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(InvalidArgumentError);
  });

  it('that ask for what is done anyway are taken', async () => {
    const same = await loadModel({
      device: 'cpu',
      dtype: 'fp32',
      subfolder: 'onnx',
      session_options: {},
      use_external_data_format: false,
      revision: 'main',
    });
    await same.dispose();
    const config = { ...model.config, eos_token_id: 9 } as unknown as typeof model.config;
    const other = await loadModel({ dtype: 'auto', config });
    expect(other.config).toMatchObject({ eos_token_id: 9, hidden_size: 48 });
    await other.dispose();
  });

  it.each([undefined, null, '', 5])('%j as a model', async (name) => {
    const call = NammModelForCausalLM.from_pretrained(name as string);
    await expect(call).rejects.toThrow(/neither the id of a model nor the path/);
  });
});

describe('an option that is misspelt', () => {
  it.each<[string, (options: object) => unknown, object, RegExp]>([
    [
      'createCache',
      (options) => model.createCache(options),
      { position: 'compact' },
      /position: is not an option of createCache; there are policy, positions, keepOutsideWindow/,
    ],
    [
      'restoreCache',
      (options) => model.restoreCache(folder, options),
      { positions: 'compact' },
      /positions: is not an option of restoreCache; there are policy/,
    ],
    [
      'generate',
      (options) => model.generate({ input_ids, ...options }),
      { past_key_value: null },
      /past_key_value: is not an option of generate; there are past_key_values, policy, .* GenerationConfig/,
    ],
  ])('of %s is refused, with those there are', async (_, call, options, message) => {
    const made = (async () => call(options))();
    await expect(made).rejects.toThrow(message);
    await expect(made).rejects.toBeInstanceOf(InvalidArgumentError);
  });

  it('does not hinder the settings of transformers.js', async () => {
    const token_type_ids = ones(1, reference.input_ids.length);
    const settings = { max_new_tokens: 2, do_sample: true, top_k: 1, use_cache: true };
    const sequences = await model.generate({ input_ids, token_type_ids, ...settings } as never);
    expect((sequences as unknown as Tensor).dims).toEqual([1, reference.input_ids.length + 2]);
  });
});

it('a signal that is none is refused', async () => {
  const call = model.generate({ input_ids, signal: 'stop' as never });
  await expect(call).rejects.toThrow(/signal: is not an AbortSignal/);
  await expect(call).rejects.toBeInstanceOf(InvalidArgumentError);
});

describe('past_key_values', () => {
  it('of transformers.js or of nobody are refused, and stay as they are', async () => {
    const foreign = new DynamicCache({
      'past_key_values.0.key': new Tensor('float32', [1, 2], [1, 1, 1, 2]),
    });
    for (const past_key_values of [foreign, {}, 'cache', []]) {
      const call = model.generate({ input_ids, past_key_values: past_key_values as never });
      await expect(call).rejects.toBeInstanceOf(CacheUseError);
    }
    expect(Object.keys(foreign)).toEqual(['past_key_values.0.key']);
  });

  it('of another model are refused, and stay as they are', async () => {
    const other = await loadModel({ maximumPositions: 64 });
    const cache = other.createCache();
    await other.generate({ input_ids, past_key_values: cache, max_new_tokens: 2 });
    const before = await cache.memory();
    const call = model.generate({ input_ids, past_key_values: cache });
    await expect(call).rejects.toThrow(/belongs to another model/);
    expect(await cache.memory()).toEqual(before);
    await other.dispose();
  });

  it('of ours are refused by other models', () => {
    const cache = model.createCache();
    const entries = { 'past_key_values.0.key': new Tensor('float32', [], [1, 1, 0, 2]) };
    expect(() => cache.update(entries)).toThrow(/holds no tensors of other models/);
    expect(Object.keys(cache)).toEqual([]);
    expect(cache).toBeInstanceOf(DynamicCache);
  });

  it('cannot be used after dispose', async () => {
    const cache = model.createCache();
    await model.generate({ input_ids, past_key_values: cache, max_new_tokens: 2 });
    await cache.dispose();
    const call = model.generate({ input_ids, past_key_values: cache });
    await expect(call).rejects.toThrow(/was disposed of/);
    await expect(cache.fork()).rejects.toBeInstanceOf(CacheUseError);
  });

  it('cannot be disposed of while a call uses it, and goes on then', async () => {
    const cache = model.createCache();
    const call = model.generate({ input_ids, past_key_values: cache, max_new_tokens: 4 });
    await expect(cache.dispose()).rejects.toBeInstanceOf(CacheBusyError);
    await call;
    expect(cache.get_seq_length()).toBeGreaterThan(input_ids.dims[1]!);
    await cache.dispose();
    await cache.dispose();
  });

  it('cannot be used by two calls at once', async () => {
    const cache = model.createCache();
    const call = () => model.generate({ input_ids, past_key_values: cache, max_new_tokens: 4 });
    const results = await Promise.allSettled([call(), call()]);
    const failed = results.filter(({ status }) => status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed[0]).toHaveProperty('reason.code', 'CACHE_BUSY');
    expect(cache.get_seq_length()).toBe(24 + 3);
  });
});

describe('a policy', () => {
  it('whose probe the model does not compute is refused, by name', async () => {
    expect(() => model.createCache({ policy: snapKV({ budget: 16 }) })).toThrow(
      /'snapkv' needs a probe/,
    );
    expect(() => model.createCache({ policy: tova({ budget: 16 }) })).toThrow(CacheUseError);
    const call = model.generate({ input_ids, policy: tova({ budget: 16 }) });
    await expect(call).rejects.toBeInstanceOf(CacheUseError);
  });

  it('that needs less may be given per cache and per call', async () => {
    const policy = sinkRecent({ budget: 10, sinks: 2 });
    const cache = model.createCache({ policy });
    await model.generate({ input_ids, past_key_values: cache, max_new_tokens: 2 });
    expect((await cache.memory()).rows).toBe(60);
    const options = { max_new_tokens: 2, return_dict_in_generate: true } as const;
    const { past_key_values } = await model.generate({ input_ids, policy, ...options });
    expect((await past_key_values.memory()).rows).toBe(60);
    const call = model.generate({ input_ids, policy, past_key_values: cache });
    await expect(call).rejects.toThrow(/policy: the cache in past_key_values has one already/);
  });

  it('that cannot serve the model is refused', () => {
    expect(() => model.createCache({ policy: h2o({ budget: '1B' }) })).toThrow(
      InvalidArgumentError,
    );
  });
});

describe('a prompt', () => {
  it.each<[string, object, RegExp]>([
    ['missing', {}, /input_ids: is missing; it must be a Tensor/],
    ['an array', { input_ids: [1, 2] }, /input_ids: is an array/],
    ['of one dimension', { input_ids: new Tensor('int64', [1n, 2n], [2]) }, /has the shape \[2\]/],
    ['empty', { input_ids: new Tensor('int64', [], [1, 0]) }, /input_ids has no token/],
    [
      'with a mask of another shape',
      { input_ids, attention_mask: ones(2, 24) },
      /does not cover input_ids/,
    ],
    [
      'with a mask that is too short',
      { input_ids, attention_mask: ones(1, 3) },
      /does not cover input_ids/,
    ],
    [
      'with a mask that counts tokens of no cache',
      { input_ids, attention_mask: ones(1, 25) },
      /counts 1 tokens .* has seen 0/,
    ],
    ['with an id that is none', { input_ids: idsTensor([1, 512]) }, /Token 1 has id 512/],
  ])('%s', async (_, parameters, message) => {
    await expect(model.generate({ ...parameters, max_new_tokens: 2 })).rejects.toThrow(message);
  });

  it('longer than the positions is refused before anything is read', async () => {
    const cache = model.createCache();
    await model.generate({ input_ids, past_key_values: cache, max_new_tokens: 2 });
    const before = await cache.memory();
    const long = idsTensor([...reference.input_ids, ...new Array(120).fill(5)]);
    const call = model.generate({ input_ids: long, past_key_values: cache });
    await expect(call).rejects.toBeInstanceOf(PositionLimitError);
    expect(await cache.memory()).toEqual(before);
  });

  it('that is bad leaves the cache unchanged', async () => {
    const cache = model.createCache();
    await model.generate({ input_ids, past_key_values: cache, max_new_tokens: 2 });
    const before = await cache.memory();
    const parameters = { input_ids: idsTensor([600]), attention_mask: ones(1, 26) };
    const call = model.generate({ ...parameters, past_key_values: cache });
    await expect(call).rejects.toBeInstanceOf(DecoderInputError);
    expect(await cache.memory()).toEqual(before);
  });
});

it('forward refuses inputs that it would not heed', async () => {
  const position_ids = ones(1, 24);
  await expect(model({ input_ids, position_ids })).rejects.toThrow(
    /position_ids: is not supported/,
  );
  const inputs_embeds = new Tensor('float32', new Float32Array(48), [1, 1, 48]);
  await expect(model({ inputs_embeds })).rejects.toThrow(/inputs_embeds: is not supported/);
});

it('a model that was disposed of says so', async () => {
  const gone = await loadModel();
  await gone.dispose();
  await gone.dispose();
  await expect(gone.generate({ input_ids })).rejects.toThrow(/model was disposed of/);
});

it('transformers.js itself still refuses folders without ONNX', async () => {
  await expect(AutoModelForCausalLM.from_pretrained(folder)).rejects.toThrow();
});
