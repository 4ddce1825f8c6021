import {
  type PreTrainedTokenizer,
  Tensor,
  TextGenerationPipeline,
} from '@huggingface/transformers';
import { h2o } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NammModelForCausalLM } from '../src/index.js';
import { kept, loadModel, loadTokenizer, reference, rowsOf } from './helpers.js';

const policy = h2o({ budget: 12 });
let model: NammModelForCausalLM;
let tokenizer: PreTrainedTokenizer;
beforeAll(async () => {
  model = await loadModel({ policy });
  tokenizer = await loadTokenizer(model);
});
afterAll(() => model.dispose());

const prompts = [
  reference.input_ids,
  reference.input_ids.slice(0, 5),
  reference.input_ids.slice(3, 20),
];

/** A batch with padding of token 7, which must not be read, on one side. */
function padded(rows: readonly number[][], side: 'left' | 'right') {
  const width = Math.max(...rows.map(({ length }) => length));
  const pad = (row: number[], filler: number) => {
    const padding = new Array(width - row.length).fill(filler);
    return (side === 'left' ? [...padding, ...row] : [...row, ...padding]).map(BigInt);
  };
  const dims = [rows.length, width];
  const ids = rows.flatMap((row) => pad(row, 7));
  const mask = rows.flatMap((row) =>
    pad(
      row.map(() => 1),
      0,
    ),
  );
  return {
    input_ids: new Tensor('int64', ids, dims),
    attention_mask: new Tensor('int64', mask, dims),
  };
}

async function alone(row: number[], count: number): Promise<number[]> {
  const inputs = padded([row], 'left');
  const sequences = await model.generate({ ...inputs, max_new_tokens: count });
  return rowsOf(sequences)[0]!.slice(row.length);
}

describe('a batch', () => {
  it.each(['left', 'right'] as const)(
    'with padding on the %s equals each prompt alone',
    async (side) => {
      const inputs = padded(prompts, side);
      const { sequences, past_key_values } = await model.generate({
        ...inputs,
        max_new_tokens: 10,
        return_dict_in_generate: true,
      });
      const width = inputs.input_ids.dims[1]!;
      const written = rowsOf(sequences).map((row) => row.slice(width));
      for (const [i, row] of prompts.entries()) expect(written[i]).toEqual(await alone(row, 10));
      // Padding is in no cache.
      const { sequences: reports } = await past_key_values.memory();
      expect(reports.map(({ seen }) => seen)).toEqual(prompts.map(({ length }) => length + 9));
      for (const heads of (await kept(past_key_values)).flat()) expect(Math.max(...heads)).toBe(12);
      expect(past_key_values.get_seq_length()).toBe(24 + 9);
    },
  );

  it('goes on over several turns, however the next turn is padded', async () => {
    const first = await model.generate({
      ...padded(prompts, 'left'),
      max_new_tokens: 4,
      return_dict_in_generate: true,
    });
    const rows = rowsOf(first.sequences).map((row, i) => [
      ...row.slice(24 - prompts[i]!.length),
      ...[9, 8, 7].slice(i),
    ]);
    const second = await model.generate({
      ...padded(rows, 'left'),
      past_key_values: first.past_key_values,
      max_new_tokens: 4,
    });
    const width = Math.max(...rows.map(({ length }) => length));
    for (const [i, row] of rows.entries()) {
      // Alone, in the same two steps.
      const cache = model.createCache();
      await model.generate({
        ...padded([prompts[i]!], 'left'),
        past_key_values: cache,
        max_new_tokens: 4,
      });
      const expected = await model.generate({
        ...padded([row], 'left'),
        past_key_values: cache,
        max_new_tokens: 4,
      });
      expect(rowsOf(second)[i]!.slice(width)).toEqual(rowsOf(expected)[0]!.slice(row.length));
    }
    expect(first.past_key_values.restarts).toBe(0);
  });

  it('gives logits of all columns, and zeros where there is padding', async () => {
    const { logits } = await model(padded(prompts, 'left'));
    expect(logits.dims).toEqual([3, 24, 512]);
    const data = logits.data as Float32Array;
    const row = (batch: number, column: number) =>
      data.subarray((batch * 24 + column) * 512, (batch * 24 + column + 1) * 512);
    expect(row(1, 18).every((value) => value === 0)).toBe(true);
    const single = await model(padded([prompts[1]!], 'left'));
    expect(row(1, 19)).toEqual((single.logits.data as Float32Array).subarray(0, 512));
    expect(row(1, 23)).toEqual((single.logits.data as Float32Array).subarray(4 * 512));
  });

  it('keeps its size', async () => {
    const cache = model.createCache();
    await model.generate({ ...padded(prompts, 'left'), past_key_values: cache, max_new_tokens: 2 });
    const before = await cache.memory();
    const other = padded(prompts.slice(1), 'left');
    const call = model.generate({ ...other, past_key_values: cache, max_new_tokens: 2 });
    await expect(call).rejects.toThrow(/holds 3 sequences, but the batch has 2/);
    expect(await cache.memory()).toEqual(before);
  });

  it('refuses a row without a token', async () => {
    const inputs = padded([prompts[0]!, []], 'left');
    await expect(model.generate({ ...inputs })).rejects.toThrow(
      /Row 1 of the batch is all padding/,
    );
  });
});

describe('TextGenerationPipeline', () => {
  it('takes one prompt, arrays of prompts, a conversation, and arrays of conversations', async () => {
    const generator = new TextGenerationPipeline({ task: 'text-generation', model, tokenizer });
    const options = { max_new_tokens: 6 };
    const texts = ['The window', 'keeps the stream of the window', 'stream'];
    const many = await generator(texts, options);
    for (const [i, text] of texts.entries()) {
      expect(many[i]).toEqual(await generator(text, options));
      expect(many[i]![0]!.generated_text).toMatch(new RegExp(`^${text}`));
    }
    const chats = texts.map((content) => [{ role: 'user', content }]);
    const answers = await generator(chats, options);
    for (const [i, chat] of chats.entries()) {
      expect(answers[i]).toEqual(await generator(chat, options));
      expect(answers[i]![0]!.generated_text).toHaveLength(2);
    }
  });

  it('passes a cache on, so that a conversation is not read twice', async () => {
    const generator = new TextGenerationPipeline({ task: 'text-generation', model, tokenizer });
    const past_key_values = model.createCache();
    const messages = [{ role: 'user', content: 'The window' }];
    const [first] = await generator(messages, { max_new_tokens: 6, past_key_values });
    const seen = past_key_values.get_seq_length();
    const next = [
      ...(first!.generated_text as typeof messages),
      { role: 'user', content: 'stream' },
    ];
    const [second] = await generator(next, { max_new_tokens: 6, past_key_values });
    expect(second!.generated_text).toHaveLength(4);
    expect(past_key_values.get_seq_length()).toBeGreaterThan(seen);
    // The text of a random model is seldom tokenised as it was written; then all is read anew.
    const fresh = await generator(next, { max_new_tokens: 6 });
    if (past_key_values.restarts === 1) expect(second).toEqual(fresh[0]);
  });
});
