import type { PreTrainedTokenizer, Tensor } from '@huggingface/transformers';
import { DecoderInputError, PositionLimitError } from '@namm/decoder';
import { h2o } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NammCache, type NammModelForCausalLM, PromptMismatchError } from '../src/index.js';
import {
  chatInputs,
  idsTensor,
  kept,
  loadModel,
  loadTokenizer,
  ones,
  reference,
  rowsOf,
} from './helpers.js';

const policy = h2o({ budget: 20 });
let model: NammModelForCausalLM;
let tokenizer: PreTrainedTokenizer;
beforeAll(async () => {
  model = await loadModel({ policy, maximumPositions: 1024 });
  tokenizer = await loadTokenizer(model);
});
afterAll(() => model.dispose());

const turns = ['The window', 'keeps the stream', 'of the window stream'];
const turnIds = [reference.input_ids, [40, 41, 42, 43, 44], [50, 51, 52]];

/** As a tokenizer gives it: with a mask of the prompt, unless another one, or none, is wanted. */
async function turn(
  cache: NammCache | null,
  ids: number[],
  mask: Tensor | null = ones(1, ids.length),
) {
  const { sequences, past_key_values } = await model.generate({
    input_ids: idsTensor(ids),
    attention_mask: mask,
    past_key_values: cache,
    max_new_tokens: 6,
    return_dict_in_generate: true,
  });
  return { all: rowsOf(sequences)[0]!, cache: past_key_values };
}

/** Three turns over one cache of the direct API: what every way of asking must give. */
async function directly(): Promise<number[][]> {
  const cache = model.decoder.createCache({ policy });
  const answers: number[][] = [];
  let last: number[] = [];
  for (const ids of turnIds) {
    let input = [...last, ...ids];
    const written: number[] = [];
    for (let i = 0; i < 6; i++) {
      const [result] = await model.decoder.step([{ cache, input: { ids: input } }]);
      input = [result!.logits.indexOf(Math.max(...result!.logits))];
      written.push(...input);
    }
    last = written.slice(-1);
    answers.push(written);
  }
  return answers;
}

describe('three turns on one cache', () => {
  it('feeding the whole conversation equals the direct API, within the budget', async () => {
    const answers: number[][] = [];
    let cache: NammCache | null = null;
    let all: number[] = [];
    for (const ids of turnIds) {
      const prompt: number[] = [...all, ...ids];
      const result = await turn(cache, prompt);
      ({ all, cache } = result);
      answers.push(all.slice(prompt.length));
      expect(cache.get_seq_length()).toBe(all.length - 1);
      for (const heads of (await kept(cache)).flat())
        expect(Math.max(...heads)).toBeLessThanOrEqual(20);
    }
    expect(answers).toEqual(await directly());
    expect(cache!.restarts).toBe(0);
  });

  it('feeding only the new tokens, said by a mask, equals the direct API', async () => {
    const answers: number[][] = [];
    let cache: NammCache | null = null;
    let last: number[] = [];
    for (const ids of turnIds) {
      const prompt: number[] = [...last, ...ids];
      const seen = cache?.get_seq_length() ?? 0;
      const result = await turn(cache, prompt, ones(1, seen + prompt.length));
      cache = result.cache;
      answers.push(result.all.slice(prompt.length));
      last = result.all.slice(-1);
    }
    expect(answers).toEqual(await directly());
  });

  it('takes a short prompt that begins with something else for new tokens, as transformers.js does', async () => {
    const first = await turn(null, turnIds[0]!);
    const prompt = [first.all.at(-1)!, ...turnIds[1]!];
    const second = await turn(first.cache, prompt);
    expect(second.all.slice(prompt.length)).toEqual((await directly())[1]);
  });

  it('takes a prompt without a mask for new tokens when it cannot tell, as transformers.js does', async () => {
    const first = await turn(null, turnIds[0]!);
    const before = first.cache.get_seq_length();
    const second = await turn(first.cache, turnIds[0]!, null);
    expect(second.cache.get_seq_length()).toBe(before + turnIds[0]!.length + 5);
    expect(second.cache.restarts).toBe(0);
    const third = await turn(
      second.cache,
      Array.from({ length: 99 }, (_, i) => 100 + i),
      null,
    );
    expect(third.cache.restarts).toBe(0);
    // But what has been read is not read twice.
    const whole = await turn(null, turnIds[0]!);
    const seen = whole.cache.get_seq_length();
    await turn(whole.cache, [...whole.all, 5], null);
    expect(whole.cache.get_seq_length()).toBe(seen + 2 + 5);
  });

  it('with a chat template, whatever the tokenizer makes of the answers', async () => {
    const messages: { role: string; content: string }[] = [];
    const cache = model.createCache();
    for (const content of turns) {
      messages.push({ role: 'user', content });
      const inputs = chatInputs(tokenizer, messages);
      const parameters = { ...inputs, max_new_tokens: 8 };
      const sequences = await model.generate({ ...parameters, past_key_values: cache });
      const start = inputs.input_ids.dims[1]!;
      const answer = tokenizer.decode(rowsOf(sequences)[0]!.slice(start), {
        skip_special_tokens: true,
      });
      messages.push({ role: 'assistant', content: answer });
      for (const heads of (await kept(cache)).flat()) expect(Math.max(...heads)).toBe(20);
      expect(cache.get_seq_length()).toBe(start + 7);
    }
    // Random weights write bytes that are no text: it comes back from the tokenizer as other tokens.
    expect(cache.restarts).toBe(2);
  });

  it('reads a conversation anew when it departs from what was read', async () => {
    const first = await turn(null, turnIds[0]!);
    const edited = [...turnIds[0]!, 99, 98, 97, ...turnIds[1]!];
    const second = await turn(first.cache, edited);
    expect(second.cache).toBe(first.cache);
    expect(second.cache.restarts).toBe(1);
    expect(second.all).toEqual((await turn(null, edited)).all);
    expect(second.cache.get_seq_length()).toBe(second.all.length - 1);
  });

  it('refuses what may be either, and nothing changes', async () => {
    const { cache } = await turn(null, turnIds[0]!);
    const before = await cache.memory();
    // The same prompt once more; a longer one that is no continuation.
    for (const ids of [turnIds[0]!, Array.from({ length: 60 }, (_, i) => 100 + i)]) {
      await expect(turn(cache, ids)).rejects.toBeInstanceOf(PromptMismatchError);
    }
    expect(await cache.memory()).toEqual(before);
    expect(cache.restarts).toBe(0);
  });

  it('goes on as before when a conversation cannot be read anew', async () => {
    const { cache, all } = await turn(null, turnIds[0]!);
    const before = await cache.memory();
    const long = [...turnIds[0]!, 99, ...new Array(1100).fill(7)];
    await expect(turn(cache, long)).rejects.toBeInstanceOf(PositionLimitError);
    await expect(turn(cache, [...turnIds[0]!, 99, 600])).rejects.toBeInstanceOf(DecoderInputError);
    expect(await cache.memory()).toEqual(before);
    expect(cache.restarts).toBe(0);
    const { all: next } = await turn(cache, [...all, ...turnIds[1]!]);
    expect(next.slice(all.length + turnIds[1]!.length)).toEqual((await directly())[1]);
  });

  it('forks into two that go their own ways', async () => {
    const { cache, all } = await turn(null, turnIds[0]!);
    const fork = await cache.fork();
    const other = await turn(fork, [...all, 5, 6, 7]);
    const same = await turn(cache, [...all, ...turnIds[1]!]);
    expect(same.all.slice(all.length + turnIds[1]!.length)).toEqual((await directly())[1]);
    expect(other.all).not.toEqual(same.all);
    expect(fork.get_seq_length()).not.toBe(cache.get_seq_length());
  });
});
