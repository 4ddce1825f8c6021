import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoTokenizer, env, type PreTrainedTokenizer } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { TokenizerError } from '@namm/decoder';
import type { GgufTypedValue } from '@namm/tensors';
import { FakeHub, readFolder, writeGgufModel } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NammModelForCausalLM, NammTokenizer } from '../src/index.js';
import { chatInputs, folder, idsTensor, reference, rowsOf } from './helpers.js';

let work: string;
let path: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'namm-text-gguf-'));
  path = join(work, 'tiny.gguf');
  await writeGgufModel(path, await readFolder(folder), tokenizerMetadata());
});
afterAll(() => rm(work, { recursive: true }));

/** The tokenizer of the folder, as llama.cpp's converter writes it. */
function tokenizerMetadata(): Record<string, GgufTypedValue> {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const { model, added_tokens } = JSON.parse(read('tokenizer.json'));
  const text = (value: string): GgufTypedValue => ({ type: 'text', value });
  const uint = (value: number): GgufTypedValue => ({ type: 'uint32', value });
  const list = (value: GgufTypedValue[]): GgufTypedValue => ({ type: 'list', value });
  const tokens: string[] = [];
  const types: number[] = [];
  for (const [token, id] of Object.entries<number>(model.vocab)) {
    [tokens[id], types[id]] = [token, 1];
  }
  for (const { content, id, special } of added_tokens) {
    [tokens[id], types[id]] = [content, special ? 3 : 4];
  }
  return {
    'tokenizer.ggml.model': text('gpt2'),
    'tokenizer.ggml.pre': text('gpt-2'),
    'tokenizer.ggml.tokens': list(tokens.map(text)),
    'tokenizer.ggml.token_type': list(types.map(uint)),
    'tokenizer.ggml.merges': list(model.merges.map((pair: string[]) => text(pair.join(' ')))),
    'tokenizer.ggml.bos_token_id': uint(1),
    'tokenizer.ggml.eos_token_id': uint(2),
    'tokenizer.ggml.padding_token_id': uint(0),
    'tokenizer.chat_template': text(read('chat_template.jinja')),
  };
}

const idsOf = (tokenizer: PreTrainedTokenizer, text: string) =>
  rowsOf((tokenizer(text) as { input_ids: Parameters<typeof rowsOf>[0] }).input_ids)[0];

describe('a GGUF file', () => {
  it.each([
    ['by its path', () => path],
    ['by the folder that holds it', () => work],
  ])('answers as the folder it was made from, %s', async (_, place) => {
    const model = await NammModelForCausalLM.from_pretrained(place(), { threads: 1 });
    const input_ids = idsTensor(reference.input_ids);
    const max_new_tokens = reference.greedy_ids.length;
    const written = rowsOf(await model.generate({ input_ids, max_new_tokens }))[0]!;
    expect(written.slice(reference.input_ids.length)).toEqual(reference.greedy_ids);
    expect(model.config).toMatchObject({ model_type: 'llama', eos_token_id: [2, 4] });
    await model.dispose();
  });

  it('has a tokenizer of transformers.js and its chat template', async () => {
    const model = await NammModelForCausalLM.from_pretrained(path, {
      threads: 1,
      passes: 'layers',
    });
    const tokenizer = await NammTokenizer.from_pretrained(path);
    const twin = await AutoTokenizer.from_pretrained(folder);
    twin.chat_template ??= model.chat_template;
    expect(tokenizer.chat_template).toBe(model.chat_template);
    for (const text of [
      'Hello, world!  12 <tool_call>',
      ' a\n\n\tb',
      '<|im_start|>user\nHi',
      '日本語 🦀',
    ]) {
      const ids = idsOf(tokenizer, text);
      expect(ids).toEqual(idsOf(twin, text));
      const options = { skip_special_tokens: true };
      expect(tokenizer.decode(ids!, options)).toBe(twin.decode(ids!, options));
    }
    const { messages, greedy_ids } = reference.e2e;
    const inputs = chatInputs(tokenizer, messages);
    expect(rowsOf(inputs.input_ids)).toEqual(rowsOf(chatInputs(twin, messages).input_ids));
    const max_new_tokens = greedy_ids.length;
    const written = rowsOf(await model.generate({ ...inputs, max_new_tokens }))[0]!;
    expect(written.slice(inputs.input_ids.dims.at(-1))).toEqual(greedy_ids);
    await model.dispose();
  });

  it('is fetched by its name in a model of the hub, and tokenizers of other models are those of transformers.js', async () => {
    const hub = await FakeHub.start();
    const files = new Map<string, Uint8Array>([['q/tiny.gguf', await readFile(path)]]);
    files.set('tiny.gguf', files.get('q/tiny.gguf')!);
    hub.repositories.set('someone/tiny', { files, commit: 'a'.repeat(40) });
    const { remoteHost } = env;
    vi.stubEnv('HF_HUB_OFFLINE', undefined);
    try {
      env.remoteHost = hub.url;
      const cache_dir = join(work, 'cache');
      const name = 'someone/tiny:tiny.gguf';
      const tokenizer = await NammTokenizer.from_pretrained(name, { cache_dir });
      const asked = hub.requests.length;
      const model = await NammModelForCausalLM.from_pretrained(name, { cache_dir, threads: 1 });
      expect(hub.requests).toHaveLength(asked);
      expect(model.folder).toBe(join(cache_dir, 'someone/tiny', 'tiny.gguf'));
      const twin = await NammTokenizer.from_pretrained(folder);
      expect(idsOf(tokenizer, 'Hello')).toEqual(idsOf(twin, 'Hello'));
      await model.dispose();
    } finally {
      env.remoteHost = remoteHost;
      vi.unstubAllEnvs();
      await hub.stop();
    }
  });

  it('whose tokenizer cannot be made is refused by name', async () => {
    await mkdir(join(work, 'odd'));
    const odd = join(work, 'odd', 'unigram.gguf');
    const metadata = {
      ...tokenizerMetadata(),
      'tokenizer.ggml.model': { type: 'text', value: 't5' },
    };
    await writeGgufModel(odd, await readFolder(folder), metadata as never);
    for (const load of [NammModelForCausalLM, NammTokenizer]) {
      await expect(load.from_pretrained(odd)).rejects.toThrow(TokenizerError);
      await expect(load.from_pretrained(odd)).rejects.toThrow("'t5' is not supported");
    }
    await expect(NammTokenizer.from_pretrained(path, { dtype: 'q4' } as never)).rejects.toThrow(
      InvalidArgumentError,
    );
  });
});
