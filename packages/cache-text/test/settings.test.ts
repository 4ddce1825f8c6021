import { Tensor } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NammModelForCausalLM } from '../src/index.js';
import { folder, idsTensor, rowsOf } from './helpers.js';

let model: NammModelForCausalLM;
beforeAll(async () => {
  model = await NammModelForCausalLM.from_pretrained(folder, { threads: 1 });
});
afterAll(() => model.dispose());

const prompt = [1, 20, 30, 40];
const generate = (options: object) =>
  model.generate({ input_ids: idsTensor(prompt), max_new_tokens: 3, ...options });

describe('settings that would do nothing', () => {
  it.each<[string, unknown]>([
    ['num_beams', 3],
    ['num_beam_groups', 2],
    ['early_stopping', true],
    ['length_penalty', 0.5],
    ['diversity_penalty', 1],
    ['penalty_alpha', 0.6],
    ['typical_p', 0.9],
    ['epsilon_cutoff', 1e-3],
    ['eta_cutoff', 1e-3],
    ['encoder_repetition_penalty', 1.1],
    ['encoder_no_repeat_ngram_size', 2],
    ['exponential_decay_length_penalty', [5, 1.1]],
    ['renormalize_logits', true],
    ['remove_invalid_values', true],
    ['force_words_ids', [[5]]],
    ['constraints', [1]],
    ['forced_decoder_ids', [[1, 2]]],
    ['guidance_scale', 2],
    ['max_time', 3],
    ['use_cache', false],
    ['output_attentions', true],
    ['output_hidden_states', true],
    ['output_scores', true],
    ['max_new_tokens', 0],
    ['max_new_tokens', -1],
    ['max_new_tokens', 1.5],
    ['max_new_tokens', Number.NaN],
    ['min_new_tokens', -1],
    ['temperature', -1],
    ['temperature', 0.7],
    ['top_p', 0.9],
    ['top_p', 1.5],
    ['top_k', 10],
    ['repetition_penalty', 0],
    ['num_return_sequences', 0],
    ['num_return_sequences', 2],
    ['nonsense', 1],
  ])('%s: %j is refused by name', async (name, value) => {
    const error: unknown = await generate({ [name]: value }).catch((reason) => reason);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as Error).message).toMatch(new RegExp(`^${name}: `));
  });

  it.each([
    ...[{ num_beams: 1 }, { output_scores: false }, { use_cache: true }, { temperature: 1 }],
    ...[{ max_time: null }, { min_length: 2 }, { repetition_penalty: 1.2 }],
    ...[{ do_sample: true, top_p: 0.9, top_k: 5, temperature: 0.5 }],
  ])('%j is taken', async (options) => {
    expect((await generate(options)).dims).toEqual([1, 7]);
  });

  it('are refused in a generation_config too', async () => {
    await expect(generate({ generation_config: { num_beams: 2 } })).rejects.toThrow(/^num_beams/);
  });

  it('a length that the prompt has reached already is refused', async () => {
    const call = model.generate({ input_ids: idsTensor(prompt), max_length: 4 });
    await expect(call).rejects.toThrow(/max_length: is 4, but the prompt has 4 tokens/);
  });
});

describe('num_return_sequences', () => {
  it('writes several answers from one reading of the prompt', async () => {
    const options = { do_sample: true, temperature: 50, top_k: 0, max_new_tokens: 8 };
    const rows = rowsOf(await generate({ ...options, num_return_sequences: 4 }));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row.slice(0, 4)).toEqual(prompt);
    expect(new Set(rows.map(String)).size).toBeGreaterThan(1);
  });

  it('writes for each row what the row alone would get, where there is no choice', async () => {
    const [greedy] = rowsOf(await generate({ max_new_tokens: 6 }));
    const alone = { do_sample: true, top_k: 1, max_new_tokens: 6, num_return_sequences: 3 };
    expect(rowsOf(await generate(alone))).toEqual([greedy, greedy, greedy]);
    const other = [5, 6, 7, 8];
    const both = new Tensor('int64', [...prompt, ...other].map(BigInt), [2, 4]);
    const rows = rowsOf(await generate({ ...alone, input_ids: both, num_return_sequences: 2 }));
    expect(rows.slice(0, 2)).toEqual([greedy, greedy]);
    expect(rows[2]).toEqual(rows[3]);
    expect(rows[2]!.slice(0, 4)).toEqual(other);
  });

  it('reads a prompt of one token too, and leaves forks of a cache', async () => {
    const one = { do_sample: true, top_k: 1, num_return_sequences: 2, input_ids: idsTensor([1]) };
    expect((await generate(one)).dims).toEqual([2, 4]);
    const cache = model.createCache();
    await generate({ past_key_values: cache });
    const { sequences, past_key_values } = await model.generate({
      input_ids: idsTensor([50, 51]),
      past_key_values: cache,
      max_new_tokens: 3,
      do_sample: true,
      top_k: 1,
      num_return_sequences: 2,
      return_dict_in_generate: true,
    });
    expect(sequences.dims).toEqual([2, 5]);
    expect(past_key_values.sequences).toHaveLength(2);
    expect(past_key_values.get_seq_length()).toBe(6 + 1 + 2 + 2);
    expect(cache.get_seq_length()).toBe(6 + 1 + 1);
    await Promise.all([cache.dispose(), past_key_values.dispose()]);
  });
});

it('a tensor of another copy of transformers.js is called that', async () => {
  class Other {}
  Object.defineProperty(Other, 'name', { value: 'Tensor' });
  const foreign = Object.assign(new Other(), { dims: [1, 2], data: new BigInt64Array(2) });
  await expect(generate({ input_ids: foreign })).rejects.toThrow(
    /input_ids: is a Tensor of another copy of @huggingface\/transformers/,
  );
});
