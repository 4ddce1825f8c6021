import type { Tensor } from '@huggingface/transformers';
import { Random } from '@namm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NammCache, type NammModelForCausalLM, PromptMismatchError } from '../src/index.js';
import { idsTensor, loadModel, ones, rowsOf } from './helpers.js';

let model: NammModelForCausalLM;
beforeAll(async () => {
  model = await loadModel();
});
afterAll(() => model.dispose());

async function answer(ids: number[], mask: Tensor | null, cache: NammCache | null, more = {}) {
  const sequences = await model.generate({
    ...{ input_ids: idsTensor(ids), attention_mask: mask, past_key_values: cache },
    ...{ max_new_tokens: 5, eos_token_id: 10_000, ...more },
  });
  return rowsOf(sequences)[0]!.slice(ids.length);
}

const random = new Random(7);
const ids = (count: number) => Array.from({ length: count }, () => 3 + random.integer(400));
const [system, question, next] = [ids(20), ids(9), ids(9)];
const first = [...system, ...question];

/** Whole conversations that are no continuation of `first`, its answer and perhaps a second turn. */
const edits: Record<string, (before: number[]) => number[]> = {
  'the question is another': () => [...system, ...next],
  'the question is shorter': () => [...system, ...question.slice(0, 4)],
  'one token in the middle is another': (before) => before.with(Math.floor(before.length / 2), 2),
  'the first token is another': (before) => before.with(0, 2),
  'the third token is another': (before) => before.with(2, 2),
  'the last token is another': (before) => before.with(-1, 2),
  'a token is put in at the front': (before) => [2, ...before],
  'the system prompt is gone': (before) => before.slice(system.length),
  'the oldest turn is gone, and it goes on': (before) => [...before.slice(15), ...next],
  'the first token is gone': (before) => before.slice(1),
  'half of it is gone': (before) => before.slice(Math.floor(before.length / 2)),
  'turns are swapped': (before) => [...before.slice(15), ...before.slice(0, 15)],
  'the answer is another': (before) => [...before.slice(0, -3), 2, 2, 2, ...next],
  'it is another conversation': (before) => ids(before.length + 5),
};

describe.each(Object.entries(edits))('a conversation where %s', (_, edit) => {
  it.each([
    ['with a mask', true, false],
    ['with a mask, in a fork', true, true],
    ['with a mask and padding', true, false, 3],
    ['without a mask', false, false],
    ['without a mask, in a fork', false, true],
  ])(
    'has the answer of a fresh cache, or is refused, %s',
    async (_, isMasked, isForked, padding = 0) => {
      const origin = model.createCache();
      const written = await answer(first, ones(1, first.length), origin);
      const before = [...first, ...written];
      const cache = isForked ? await origin.fork() : origin;
      const prompt = edit(before);
      const padded = [...new Array(padding).fill(0), ...prompt];
      const mask = ones(1, padded.length);
      mask.data.fill(0n, 0, padding);
      const seen = cache.get_seq_length();
      const got = await answer(padded, isMasked ? mask : null, cache).catch((error) => error);
      if (got instanceof PromptMismatchError) {
        expect(cache.get_seq_length()).toBe(seen);
      } else if (
        cache.restarts > 0 ||
        prompt.slice(0, seen).join() === before.slice(0, seen).join()
      ) {
        expect(got).toEqual(await answer(prompt, ones(1, prompt.length), null));
        expect(cache.get_seq_length()).toBe(prompt.length + got.length - 1);
      } else {
        // Only what cannot be told from a new end, and is no longer than what was read, may come behind it.
        expect([isMasked, prompt.length <= seen]).toEqual([false, true]);
        expect(before.join().includes(prompt.slice(0, 8).join())).toBe(false);
      }
      // The other of the two goes on as if nothing had happened.
      if (isForked) {
        const goesOn = [...before, ...next];
        const expected = await answer(goesOn, ones(1, goesOn.length), null);
        expect(await answer(goesOn, ones(1, goesOn.length), origin)).toEqual(expected);
      }
    },
  );
});

it('never puts a row of a batch behind another one', async () => {
  const rows = [first, [...system, ...next], ids(first.length)];
  const batch = async (all: number[][], cache: NammCache | null) => {
    const width = Math.max(...all.map(({ length }) => length));
    const mask = ones(all.length, width);
    for (const [i, { length }] of all.entries()) {
      mask.data.fill(0n, i * width, (i + 1) * width - length);
    }
    const input = all.map((row) => [...new Array(width - row.length).fill(0), ...row]);
    const sequences = await model.generate({
      ...{ input_ids: idsTensor(...input), attention_mask: mask, past_key_values: cache },
      ...{ max_new_tokens: 4, eos_token_id: 10_000 },
    });
    return rowsOf(sequences).map((row) => row.slice(width));
  };
  const cache = model.createCache();
  const written = await batch(rows, cache);
  const goesOn = rows.map((row, i) => [...row, ...written[i]!, ...next]);
  const swapped = [goesOn[1]!, goesOn[0]!, goesOn[2]!];
  expect(await batch(swapped, cache)).toEqual(await batch(swapped, null));
  expect(cache.restarts).toBe(2); // rows with the same system prompt
  const apart = [goesOn[2]!, goesOn[0]!, goesOn[1]!];
  expect(await batch(apart, cache)).toEqual(await batch(apart, null)); // rows with the same end
  const strange = goesOn.map(() => ids(first.length));
  await expect(batch(strange, cache)).rejects.toBeInstanceOf(PromptMismatchError);
  const shorter = goesOn.map((row, i) => row.slice(0, 25 + i));
  const other = await fork(goesOn);
  expect(await batch(shorter, other)).toEqual(await batch(shorter, null));

  async function fork(read: number[][]): Promise<NammCache> {
    const origin = model.createCache();
    await batch(read, origin);
    return origin.fork();
  }
});
