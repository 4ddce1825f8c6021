import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PreTrainedTokenizer, TextStreamer } from '@huggingface/transformers';
import type { DecoderWorker } from '@namm/decoder';
import { h2o } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NammModelForCausalLM } from '../src/index.js';
import { folder, idsTensor, kept, loadModel, loadTokenizer, reference, rowsOf } from './helpers.js';

const policy = { module: '@namm/kv-cache', export: 'h2o', options: { budget: 16 } };
const input_ids = idsTensor(reference.input_ids);

let model: NammModelForCausalLM<DecoderWorker>;
let here: NammModelForCausalLM;
let tokenizer: PreTrainedTokenizer;
beforeAll(async () => {
  const options = { worker: true, policy, threads: 1, chunkSize: 8 } as const;
  model = await NammModelForCausalLM.from_pretrained(folder, options);
  here = await loadModel({ policy: h2o({ budget: 16 }), chunkSize: 8 });
  tokenizer = await loadTokenizer(here);
});
afterAll(async () => {
  await model.dispose();
  await here.dispose();
});

describe('a model in a worker', () => {
  it('writes what it writes here, over two turns, within the budget', async () => {
    const run = async (one: NammModelForCausalLM<DecoderWorker> | NammModelForCausalLM) => {
      const own = one as NammModelForCausalLM; // the two differ in how a policy is given
      const pieces: string[] = [];
      const streamer = new TextStreamer(tokenizer, {
        skip_prompt: true,
        callback_function: (piece) => pieces.push(piece),
      });
      const options = { max_new_tokens: 8, streamer, return_dict_in_generate: true } as const;
      const first = await own.generate({ input_ids, ...options });
      const next = idsTensor([...rowsOf(first.sequences)[0]!, 9, 8, 7]);
      const { past_key_values } = first;
      const second = await own.generate({ input_ids: next, past_key_values, ...options });
      expect(await kept(past_key_values)).toEqual([
        [
          [16, 16],
          [16, 16],
          [16, 16],
        ],
      ]);
      const { rows, seen } = await past_key_values.memory();
      await past_key_values.dispose();
      return { ids: rowsOf(second.sequences), text: pieces.join(''), rows, seen };
    };
    expect(await run(model)).toEqual(await run(here));
  });

  it('leaves this thread free while it reads a prompt', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const long = idsTensor(Array.from({ length: 120 }, (_, i) => 3 + (i % 500)));
    await model.generate({ input_ids: long, max_new_tokens: 1 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  it('can be aborted between chunks, and goes on', async () => {
    const controller = new AbortController();
    const cache = model.createCache();
    const call = model.generate({
      input_ids,
      past_key_values: cache,
      max_new_tokens: 8,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(call).rejects.toThrow('enough');
    const seen = cache.get_seq_length();
    expect(seen % 8).toBe(0);
    expect(seen).toBeGreaterThan(0);
    const sequences = await model.generate({
      input_ids,
      past_key_values: cache,
      max_new_tokens: 4,
    });
    const expected = await here.generate({ input_ids, max_new_tokens: 4 });
    expect(rowsOf(sequences)).toEqual(rowsOf(expected));
    await cache.dispose();
  });

  it('takes a policy per cache, and refuses what is none', async () => {
    const recent = { module: '@namm/kv-cache', export: 'sinkRecent', options: { budget: 5 } };
    const cache = model.createCache({ policy: recent });
    await model.generate({ input_ids, past_key_values: cache, max_new_tokens: 2 });
    expect((await cache.memory()).rows).toBe(30);
    expect(() => model.createCache({ policy: h2o({ budget: 5 }) as never })).toThrow(
      /named by data/,
    );
    expect(() => here.createCache({ policy: recent as never })).toThrow(/needs worker: true/);
    const tova = { module: '@namm/kv-cache', export: 'tova', options: { budget: 5 } };
    const call = model.generate({ input_ids, policy: tova });
    await expect(call).rejects.toThrow(/'tova' needs a probe/);
    const nothing = { module: '@namm/kv-cache', export: 'nothing' };
    const other = model.generate({ input_ids, policy: nothing });
    await expect(other).rejects.toHaveProperty('code', 'POLICY_MODULE');
    await expect(other).rejects.toThrow(/exports no function 'nothing', only .*h2o/);
  });

  it('saves and restores a conversation, forks it, and gives it free', async () => {
    const work = await mkdtemp(join(tmpdir(), 'namm-worker-cache-'));
    const options = { input_ids, max_new_tokens: 6, return_dict_in_generate: true } as const;
    const { sequences, past_key_values: cache } = await model.generate(options);
    await cache.save(work);
    const next = idsTensor([...rowsOf(sequences)[0]!, 9, 8, 7]);
    const goOn = async (past_key_values: typeof cache) =>
      rowsOf(await model.generate({ input_ids: next, past_key_values, max_new_tokens: 6 }));
    const fork = await cache.fork();
    const expected = await goOn(cache);
    expect(await goOn(fork)).toEqual(expected);
    expect(await goOn(await model.restoreCache(work))).toEqual(expected);
    const there = await here.restoreCache(work);
    const last = { input_ids: next, past_key_values: there, max_new_tokens: 6 };
    expect(rowsOf(await here.generate(last))).toEqual(expected);
    await cache.dispose();
    await rm(work, { recursive: true });
  });

  it('dies with a typed error, and this process lives on', async () => {
    const options = { worker: true, threads: 1 } as const;
    const mortal = await NammModelForCausalLM.from_pretrained(folder, options);
    const cache = mortal.createCache();
    const call = mortal.generate({ input_ids, past_key_values: cache, max_new_tokens: 100 });
    const died = expect(call).rejects.toHaveProperty('code', 'WORKER_DIED');
    await mortal.decoder.release();
    await died;
    await expect(mortal.generate({ input_ids })).rejects.toHaveProperty('code', 'WORKER_DIED');
    await mortal.dispose();
  });
});

it('needs the onnxruntime-node of transformers.js, so that there is one copy of it', async () => {
  const url = new URL('../package.json', import.meta.resolve('@huggingface/transformers'));
  const theirs = JSON.parse(await readFile(url, 'utf8')).dependencies['onnxruntime-node'];
  const catalog = await readFile(join(import.meta.dirname, '../../../pnpm-workspace.yaml'), 'utf8');
  expect(catalog).toContain(`onnxruntime-node: ${theirs}\n`);
});
