import {
  InterruptableStoppingCriteria,
  LogitsProcessor,
  LogitsProcessorList,
  type PreTrainedTokenizer,
  random,
  StoppingCriteria,
  type Tensor,
  TextStreamer,
} from '@huggingface/transformers';
import { greedy } from '@namm/decoder';
import { type CacheMemory, type EvictionPolicy, h2o, sinkRecent } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NammModelForCausalLM } from '../src/index.js';
import {
  chatInputs,
  idsTensor,
  loadModel,
  loadTokenizer,
  ones,
  reference,
  rowsOf,
} from './helpers.js';

const policy = h2o({ budget: 16 });
let model: NammModelForCausalLM;
let tokenizer: PreTrainedTokenizer;
beforeAll(async () => {
  model = await loadModel({ probe: policy.probe, chunkSize: 8 });
  tokenizer = await loadTokenizer(model);
});
afterAll(() => model.dispose());

const prompt = reference.input_ids;
const input_ids = idsTensor(prompt);

/** What the direct API writes greedily. */
async function direct(count: number, own?: EvictionPolicy): Promise<number[]> {
  const cache = model.decoder.createCache(own ? { policy: own } : {});
  const ids: number[] = [];
  for await (const id of greedy(model.decoder, cache, prompt)) if (ids.push(id) === count) break;
  return ids;
}

async function answer(parameters: object = {}): Promise<number[]> {
  const sequences = await model.generate({ input_ids, max_new_tokens: 24, ...parameters });
  return rowsOf(sequences)[0]!.slice(prompt.length);
}

describe('generate', () => {
  it('writes what PyTorch transformers writes', async () => {
    expect(await answer()).toEqual(reference.greedy_ids);
    const inputs = chatInputs(tokenizer, reference.e2e.messages);
    let text = '';
    const streamer = new TextStreamer(tokenizer, {
      skip_prompt: true,
      callback_function: (piece) => {
        text += piece;
      },
    });
    const sequences = await model.generate({ ...inputs, max_new_tokens: 24, streamer });
    const ids = rowsOf(sequences)[0]!.slice(inputs.input_ids.dims[1]);
    expect(ids).toEqual(reference.e2e.greedy_ids);
    expect(text).toBe(reference.e2e.greedy_text);
  });

  it('writes what the direct API writes, token for token, with and without eviction', async () => {
    expect(await answer()).toEqual(await direct(24));
    expect(await answer({ policy })).toEqual(await direct(24, policy));
    expect(await answer({ policy })).not.toEqual(await answer());
  });

  it('takes `inputs` for `input_ids`, and a mask of ones for none', async () => {
    expect(await answer({ input_ids: undefined, inputs: input_ids })).toEqual(reference.greedy_ids);
    expect(await answer({ attention_mask: ones(1, prompt.length) })).toEqual(reference.greedy_ids);
  });

  it('keeps the budget after every forward', async () => {
    const cache = model.createCache({ policy });
    const lengths: number[] = [];
    const look = () => {
      const { keptPerHead, seen } = cache.sequences[0]!.memory() as CacheMemory;
      for (const kept of keptPerHead.flat()) expect(kept).toBe(Math.min(16, seen));
      lengths.push(seen);
    };
    class Look extends StoppingCriteria {
      override _call(ids: number[][]): boolean[] {
        look();
        return ids.map(() => false);
      }
    }
    const parameters = { past_key_values: cache, stopping_criteria: new Look(), onProgress: look };
    await answer(parameters);
    // After each chunk of 8 tokens of the prompt, and after each token.
    expect(lengths).toEqual([8, 16, 24, ...Array.from({ length: 24 }, (_, i) => 24 + i)]);
  });

  it('samples from the seed of transformers.js, as from the logits of the direct API', async () => {
    const sample = async (seed: number, parameters: object = {}) => {
      random.seed(seed);
      return answer({ do_sample: true, temperature: 0.7, top_k: 20, ...parameters });
    };
    const first = await sample(1);
    expect(await sample(1)).toEqual(first);
    expect(await sample(2)).not.toEqual(first);
    expect(await sample(1, { top_k: 1 })).toEqual(reference.greedy_ids);
  });

  it('applies logits processors', async () => {
    class Ban extends LogitsProcessor {
      override _call(_: bigint[][], logits: Tensor) {
        (logits.data as Float32Array)[reference.greedy_ids[0]!] = -Infinity;
        return logits;
      }
    }
    const logits_processor = new LogitsProcessorList();
    logits_processor.push(new Ban());
    const written = await answer({ logits_processor });
    expect(written).not.toContain(reference.greedy_ids[0]);
    expect(await answer({ repetition_penalty: 5 })).toSatisfy(
      (ids: number[]) => new Set(ids).size > new Set(reference.greedy_ids).size,
    );
  });

  it('stops while generating, and the cache can be used on', async () => {
    const stop = new InterruptableStoppingCriteria();
    const cache = model.createCache();
    let count = 0;
    const streamer = new TextStreamer(tokenizer, {
      skip_prompt: true,
      callback_function: () => {},
      token_callback_function: () => {
        if (++count === 5) stop.interrupt();
      },
    });
    const parameters = { stopping_criteria: stop, streamer, past_key_values: cache };
    const first = await answer(parameters);
    expect(first).toEqual(reference.greedy_ids.slice(0, 5));
    expect(cache.get_seq_length()).toBe(prompt.length + 4);
    const so_far = idsTensor([...prompt, ...first]);
    const whole = await model.generate({
      input_ids: so_far,
      past_key_values: cache,
      max_new_tokens: 19,
    });
    expect(rowsOf(whole)[0]!.slice(prompt.length)).toEqual(reference.greedy_ids);
  });

  it('stops at the end token of generation settings', async () => {
    const eos_token_id = reference.greedy_ids[6]!;
    expect(await answer({ eos_token_id })).toEqual(reference.greedy_ids.slice(0, 7));
  });

  it('can be aborted between chunks, and says how far it is', async () => {
    const controller = new AbortController();
    const cache = model.createCache();
    const seen: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      seen.push(done, total);
      if (done === 16) controller.abort(new Error('enough'));
    };
    const parameters = { past_key_values: cache, signal: controller.signal, onProgress };
    await expect(answer(parameters)).rejects.toThrow('enough');
    expect(seen).toEqual([8, 24, 16, 24]);
    expect(cache.get_seq_length()).toBe(16);
    // What was read counts: the rest is read now.
    expect(await answer({ past_key_values: cache })).toEqual(reference.greedy_ids);
  });

  it('ends where the positions end, with all that was written', async () => {
    const short = await loadModel({ maximumPositions: prompt.length + 5 });
    const sequences = await short.generate({ input_ids, max_new_tokens: 24 });
    const written = rowsOf(sequences)[0]!.slice(prompt.length);
    // The last token needs no position.
    expect(written).toEqual(reference.greedy_ids.slice(0, 6));
    await short.dispose();
  });

  it('goes on beyond the positions when they are compact', async () => {
    const short = await loadModel({ policy: sinkRecent({ budget: 12 }), maximumPositions: 40 });
    const cache = short.createCache({ positions: 'compact' });
    const parameters = { input_ids, past_key_values: cache, max_new_tokens: 100 };
    const sequences = await short.generate(parameters);
    expect(sequences.dims).toEqual([1, prompt.length + 100]);
    expect(cache.get_seq_length()).toBe(prompt.length + 99);
    expect((await cache.memory()).rows).toBe(12 * 6);
    expect(() => model.createCache({ positions: 'loose' as never })).toThrow(/positions/);
    await short.dispose();
  });

  it('treats beams as transformers.js does: there are none', async () => {
    await expect(answer({ num_return_sequences: 2 })).rejects.toThrow(/num_return_sequences/);
  });

  it('reads generation settings and the configuration as transformers.js does', () => {
    expect(model.config.model_type).toBe('llama');
    expect(model.generation_config).toBeNull();
    expect(model.folder).toContain('llama-base');
    expect(model).toBeInstanceOf(NammModelForCausalLM);
  });
});

describe('forward', () => {
  it('gives logits of all tokens, as the direct API', async () => {
    const { logits, past_key_values } = await model({ input_ids });
    const [expected] = await model.decoder.step([
      { cache: model.decoder.createCache(), input: { ids: prompt }, outputs: 'all' },
    ]);
    expect(logits.dims).toEqual([1, prompt.length, 512]);
    expect(logits.data).toEqual(expected!.logits);
    expect(past_key_values.get_seq_length()).toBe(prompt.length);
  });

  it('goes on with a cache, when the mask counts what it has seen', async () => {
    const all = await model({ input_ids });
    const head = await model({ input_ids: idsTensor(prompt.slice(0, 10)) });
    const tail = await model({
      input_ids: idsTensor(prompt.slice(10)),
      attention_mask: ones(1, prompt.length),
      past_key_values: head.past_key_values,
    });
    const expected = (all.logits.data as Float32Array).subarray(10 * 512);
    const actual = tail.logits.data as Float32Array;
    expect(actual).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 4);
    await expect(
      model({
        input_ids: idsTensor([5]),
        attention_mask: ones(1, 3),
        past_key_values: head.past_key_values,
      }),
    ).rejects.toThrow(/counts 2 tokens of row 0 .* has seen 24/);
  });
});
