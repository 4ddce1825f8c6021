import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseStreamer, type PreTrainedTokenizer, type Tensor } from '@huggingface/transformers';
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

/** The first turn, aborted as soon as so many tokens are written. */
async function abortAfter(count: number, cache: NammCache): Promise<void> {
  const controller = new AbortController();
  let written = 0;
  class Streamer extends BaseStreamer {
    override put(ids: bigint[][]) {
      if (ids[0]!.length === 1 && ++written === count) controller.abort(new Error('enough'));
    }
    override end() {}
  }
  const call = model.generate({
    input_ids: idsTensor(turnIds[0]!),
    past_key_values: cache,
    max_new_tokens: 20,
    streamer: new Streamer(),
    signal: controller.signal,
  });
  await expect(call).rejects.toThrow('enough');
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

  it.each([
    ['with the token that was written last', true],
    ['without it', false],
  ])('feeding only the new end, %s, equals the direct API', async (_, withLast) => {
    // A mask of the new end alone says nothing, unless the end begins with what was written.
    const masks = [() => null, (_: number, length: number) => length, ...(withLast ? [ones] : [])];
    for (const maskOf of masks) {
      const answers: number[][] = [];
      let cache: NammCache | null = null;
      let last: number[] = [];
      for (const ids of turnIds) {
        const prompt: number[] = [...last, ...ids];
        const mask = maskOf(1, prompt.length);
        const all = ones(1, (cache?.get_seq_length() ?? 0) + prompt.length);
        const result = await turn(cache, prompt, typeof mask === 'number' ? all : mask);
        cache = result.cache;
        answers.push(result.all.slice(prompt.length));
        if (withLast) last = result.all.slice(-1);
      }
      expect(answers).toEqual(await directly());
      expect(cache!.restarts).toBe(0);
    }
  });

  it('reads the last token after a fork, a save and an abort too', async () => {
    const { cache, all } = await turn(null, turnIds[0]!);
    const [, expected] = await directly();
    const goOn = async (one: NammCache) => (await turn(one, turnIds[1]!, null)).all.slice(5);
    expect(await goOn(await cache.fork())).toEqual(expected);
    const saved = await mkdtemp(join(tmpdir(), 'namm-pending-'));
    await cache.save(saved);
    expect(await goOn(await model.restoreCache(saved))).toEqual(expected);
    await rm(saved, { recursive: true });
    const aborted = model.createCache();
    await abortAfter(6, aborted);
    expect(aborted.get_seq_length()).toBe(all.length - 1);
    expect(await goOn(aborted)).toEqual(expected);
  });

  it('reads no token that a forward by hand has followed', async () => {
    const { cache } = await turn(null, turnIds[0]!);
    const seen = cache.get_seq_length();
    await model({ input_ids: idsTensor([5]), past_key_values: cache });
    await turn(cache, turnIds[1]!, null);
    expect(cache.get_seq_length()).toBe(seen + 1 + 5 + 5);
  });

  it.each([
    ['with a mask', true],
    ['without a mask', false],
  ])('writes an answer anew when its prompt comes again, %s', async (_, isMasked) => {
    const maskOf = (ids: number[]) => (isMasked ? ones(1, ids.length) : null);
    const prompt = turnIds[0]!;
    const first = await turn(null, prompt, maskOf(prompt));
    const again = await turn(first.cache, prompt, maskOf(prompt));
    expect(again.all).toEqual(first.all);
    expect(again.cache.restarts).toBe(1);
    expect(again.cache.get_seq_length()).toBe(first.all.length - 1);
    // The second answer of a conversation, and a prompt that is shorter than the first.
    const next = [...first.all, ...turnIds[1]!];
    const second = await turn(again.cache, next, maskOf(next));
    const other = await turn(second.cache, next, maskOf(next));
    expect(other.all).toEqual((await turn(null, next)).all);
    expect(other.cache.restarts).toBe(2);
    const short = prompt.slice(0, 5);
    expect((await turn(other.cache, short, maskOf(short))).all).toEqual(
      (await turn(null, short)).all,
    );
    expect(other.cache.restarts).toBe(3);
    // After an abort in the middle of an answer.
    const aborted = model.createCache();
    await abortAfter(3, aborted);
    expect(aborted.get_seq_length()).toBe(prompt.length + 2);
    expect((await turn(aborted, prompt, maskOf(prompt))).all).toEqual(first.all);
    expect(aborted.restarts).toBe(1);
  });

  it('takes a short prompt without a mask for new tokens, as transformers.js does', async () => {
    const first = await turn(null, turnIds[0]!);
    const before = first.cache.get_seq_length();
    const other = Array.from({ length: before }, (_, i) => 100 + i);
    const second = await turn(first.cache, other, null);
    expect(second.cache.get_seq_length()).toBe(before + 1 + other.length + 5);
    expect(second.cache.restarts).toBe(0);
    // One that is longer than all that was read may be another conversation.
    const long = Array.from({ length: second.cache.get_seq_length() + 1 }, (_, i) => 100 + i);
    await expect(turn(second.cache, long, null)).rejects.toBeInstanceOf(PromptMismatchError);
    // And what has been read is not read twice.
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
    // A longer one that is no continuation.
    const other = Array.from({ length: 60 }, (_, i) => 100 + i);
    await expect(turn(cache, other)).rejects.toBeInstanceOf(PromptMismatchError);
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
