import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, Random } from '@namm/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CompletionOptions, completeText, Decoder, loadTokenizer } from '../src/index.js';
import { TokenChooser } from '../src/text/token-chooser.js';
import { quiet } from './helpers.js';

const fixture = join(import.meta.dirname, '__fixtures__', 'llama-base');
const prompt = 'The whale and the sea';

let decoder: Decoder;
let folder: string;
beforeAll(async () => {
  decoder = await Decoder.load(fixture, quiet);
});
afterAll(() => decoder.release());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-settings-'));
  await cp(fixture, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const put = (file: string, json: unknown) => writeFile(join(folder, file), JSON.stringify(json));

/** Ids and text of an answer by the settings of the folder. */
async function write(options: Partial<CompletionOptions> = {}) {
  const tokenizer = await loadTokenizer(folder);
  const ids: number[] = [];
  const all = { maxNewTokens: 10, onToken: (id: number) => ids.push(id), ...options };
  let text = '';
  for await (const piece of completeText(decoder, tokenizer, decoder.createCache(), prompt, all)) {
    text += piece;
  }
  return { ids: ids.slice(tokenizer.encode(prompt).length), text, tokenizer };
}

describe('an answer', () => {
  it.each<[string, string, (end: number) => object]>([
    ['a number', 'generation_config.json', (end) => ({ eos_token_id: end })],
    ['one of a list', 'generation_config.json', (end) => ({ eos_token_id: [2, end] })],
    ['a number of the model', 'config.json', (end) => ({ eos_token_id: end })],
    ['one of its text model', 'config.json', (end) => ({ text_config: { eos_token_id: [end] } })],
  ])('ends at the end token that the folder names as %s in %s', async (_, file, json) => {
    const { ids } = await write();
    await put(file, json(ids[3]!));
    expect((await write()).ids).toEqual(ids.slice(0, ids.indexOf(ids[3]!) + 1));
  });

  it('takes the end token of generation_config.json before that of config.json, if it has one', async () => {
    await put('config.json', { eos_token_id: 5 });
    await put('generation_config.json', { eos_token_id: 7 });
    expect((await loadTokenizer(folder)).generation.endIds).toEqual([7]);
    await put('generation_config.json', { eos_token_id: null });
    expect((await loadTokenizer(folder)).generation.endIds).toEqual([5]);
    await put('config.json', {});
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.generation.endIds).toEqual([tokenizer.eosId]);
  });

  it('has no suppressed token, none at its beginning, no forbidden sequence, and a forced end', async () => {
    const { ids } = await write();
    await put('generation_config.json', {
      eos_token_id: 2,
      suppress_tokens: [ids[1]],
      begin_suppress_tokens: [ids[0]],
      bad_words_ids: [[ids[2]]],
      forced_eos_token_id: 9,
    });
    const other = (await write()).ids;
    for (const id of [ids[1], ids[2]]) expect(other).not.toContain(id);
    expect(other[0]).not.toBe(ids[0]);
    expect(other[9]).toBe(9);
  });

  it('ends at a stop text that is a special token, or holds one', async () => {
    const { ids, tokenizer } = await write();
    const [id] = ids.slice(2);
    const content = tokenizer.tokenOf(id!)!;
    await put('special_tokens_map.json', { extra_special_tokens: [content] });
    const free = await write();
    expect(free.text).not.toContain(content);
    const stopped = await write({ stop: [content] });
    expect(stopped.ids).toEqual(ids.slice(0, ids.indexOf(id!) + 1));
    await put('generation_config.json', { eos_token_id: 2, stop_strings: content });
    expect((await write()).ids).toEqual(stopped.ids);
  });

  it('is sampled where the folder says so, the same for the same seed', async () => {
    await put('generation_config.json', { eos_token_id: 2, do_sample: true, temperature: 5 });
    const first = await write({ seed: 1 });
    expect((await write({ seed: 1 })).ids).toEqual(first.ids);
    expect((await write({ seed: 2 })).ids).not.toEqual(first.ids);
    const greedy = await write({ sampling: { temperature: 0 } });
    await put('generation_config.json', { eos_token_id: 2 });
    expect(greedy.ids).toEqual((await write()).ids);
  });

  it('ends at an end token that the folder forbids, and is as long as it says at least', async () => {
    const { ids } = await write();
    const end = ids[2]!;
    await put('generation_config.json', { eos_token_id: [end, 5000], bad_words_ids: [[end]] });
    expect((await write()).ids).toEqual(ids.slice(0, ids.indexOf(end) + 1));
    await put('generation_config.json', { eos_token_id: ids, min_length: 1000 });
    expect((await write()).ids).toHaveLength(10);
  });

  it('is refused where the folder asks for what does not exist here', async () => {
    await put('generation_config.json', { num_beams: 4 });
    await expect(write()).rejects.toThrow(/generation_config.json: asks for num_beams: 4/);
    await put('generation_config.json', { num_return_sequences: 2 });
    await expect(write()).rejects.toThrow(/asks for num_return_sequences: 2/);
    await put('generation_config.json', { forced_decoder_ids: [], num_beams: 1, max_time: null });
    expect((await write()).ids).toHaveLength(10);
  });

  it.each<[object, RegExp]>([
    [{ eos_token_id: 'end' }, /eos_token_id is "end"/],
    [{ eos_token_id: [1, -1] }, /eos_token_id is \[1,-1\]/],
    [{ top_k: 1.5 }, /top_k is 1.5/],
    [{ do_sample: true, temperature: 'hot' }, /temperature is "hot"/],
    [{ bad_words_ids: [1] }, /bad_words_ids/],
    [{ stop_strings: [''] }, /stop_strings/],
    [{ repetition_penalty: 0 }, /repetition_penalty is 0, not a number above 0/],
    [{ top_p: 1.5 }, /top_p is 1.5, not a number from 0 to 1/],
    [{ min_p: 2 }, /min_p is 2/],
    [{ do_sample: 'yes' }, /do_sample is "yes", not true or false/],
    [{ min_length: -1 }, /min_length is -1/],
    [{ forced_bos_token_id: 'x' }, /forced_bos_token_id is "x"/],
    [{ eos_token_id: true }, /eos_token_id is true/],
  ])('generation_config.json with %j is refused', async (json, message) => {
    await put('generation_config.json', json);
    await expect(loadTokenizer(folder)).rejects.toThrow(message);
  });

  it.each<[string, object]>([
    ['maximumTokens', { maximumTokens: 5 }],
    ['maxNewTokens', { maxNewTokens: 0 }],
    ['stop', { stop: [''] }],
    ['stop', { stop: 'x' }],
    ['sampling.topP', { sampling: { topP: 2 } }],
    ['sampling.temperature', { sampling: { temperature: Number.NaN } }],
    ['temperature', { temperature: 1 }],
    ['top_p', { sampling: { top_p: 1 } }],
    ['seed', { seed: -1 }],
  ])('refuses by name: %s', async (name, options) => {
    const error: unknown = await write(options).catch((reason) => reason);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as Error).message.startsWith(`${name}: `)).toBe(true);
  });
});

describe('TokenChooser', () => {
  const rules = {
    endIds: [],
    logitBias: new Map(),
    suppressedIds: [],
    suppressedFirstIds: [],
    forbiddenSequences: [],
    forcedLastIds: [],
    forcedFirstId: null,
    minNewTokens: 0,
    minTokens: 0,
    sampling: {
      ...{ temperature: 1, topK: 0, topP: 1, minP: 0 },
      ...{ repetitionPenalty: 1, noRepeatNgramSize: 0, presencePenalty: 0, frequencyPenalty: 0 },
    },
  };
  const logits = Float32Array.from([0.5, 0.2, 0.15, 0.1, 0.05], Math.log);
  const drawn = (sampling: object) => {
    const all = { ...rules, sampling: { ...rules.sampling, ...sampling } };
    const counts = new Array(5).fill(0);
    for (let seed = 0; seed < 4000; seed++) {
      const chooser = new TokenChooser(all, new Random(seed), [], 10);
      counts[chooser.choose(logits.slice())]++;
    }
    return counts.map((count) => count / 4000);
  };

  it.each<[object, number[]]>([
    [{}, [0.5, 0.2, 0.15, 0.1, 0.05]],
    [{ topK: 2 }, [5 / 7, 2 / 7, 0, 0, 0]],
    [{ topP: 0.6 }, [5 / 7, 2 / 7, 0, 0, 0]],
    [{ topP: 0.01 }, [1, 0, 0, 0, 0]],
    [{ minP: 0.25 }, [0.5 / 0.85, 0.2 / 0.85, 0.15 / 0.85, 0, 0]],
    [{ topK: 3, topP: 0.7 }, [5 / 7, 2 / 7, 0, 0, 0]],
    [{ temperature: 0.5 }, [0.25, 0.04, 0.0225, 0.01, 0.0025].map((one) => one / 0.325)],
  ])('draws with %j as often as it should', (sampling, shares) => {
    for (const [i, share] of drawn(sampling).entries()) expect(share).toBeCloseTo(shares[i]!, 1);
  });

  const greedily = { ...rules, sampling: { ...rules.sampling, temperature: 0 } };
  const written = (more: object, prompt: number[], limit = 3, seen = 0) => {
    const chooser = new TokenChooser({ ...greedily, ...more }, new Random(0), prompt, limit, seen);
    return Array.from({ length: limit }, () => chooser.choose(logits.slice()));
  };

  it('closes end tokens until an answer, and the whole sequence, are long enough', () => {
    expect(written({ endIds: [0], minNewTokens: 2 }, [4, 4])).toEqual([1, 1, 0]);
    expect(written({ endIds: [0, 1], minTokens: 4 }, [4, 4])).toEqual([2, 2, 0]);
    expect(written({ endIds: [0], minTokens: 4 }, [4, 4], 2, 1)).toEqual([1, 0]);
  });

  it('forces the token behind a prompt of one, and then begins', () => {
    const more = { forcedFirstId: 3, suppressedFirstIds: [0] };
    expect(written(more, [4])).toEqual([3, 1, 0]);
    expect(written(more, [4, 4])).toEqual([1, 0, 0]);
    expect(written(more, [4], 2, 7)).toEqual([1, 0]);
  });

  it('knows ids without logits, and refuses when nothing is left', () => {
    expect(written({ suppressedIds: [0, 99], forbiddenSequences: [[99]] }, [99, 4])[0]).toBe(1);
    expect(written({ forcedLastIds: [99, 2] }, [4])).toEqual([0, 0, 2]);
    expect(() => written({ forcedLastIds: [99] }, [4])).toThrow(/none of the 5 tokens open/);
    expect(() => written({ suppressedIds: [0, 1, 2, 3, 4] }, [4])).toThrow(/suppress_tokens/);
  });

  it('makes repeated tokens less likely, and repeated sequences impossible', () => {
    const greedy = { ...rules.sampling, temperature: 0 };
    const penalised = { ...rules, sampling: { ...greedy, repetitionPenalty: 4 } };
    expect(new TokenChooser(penalised, new Random(0), [0], 9).choose(logits.slice())).toBe(1);
    const once = { ...rules, sampling: { ...greedy, noRepeatNgramSize: 2 } };
    expect(new TokenChooser(once, new Random(0), [3, 0, 1, 3], 9).choose(logits.slice())).toBe(1);
    expect(new TokenChooser(once, new Random(0), [3, 0, 1], 9).choose(logits.slice())).toBe(0);
  });

  it('takes from what the answer holds already, but not from what the prompt holds', () => {
    const bare = { ...greedily.sampling };
    const some = (sampling: object) => ({ sampling: { ...bare, ...sampling } });
    expect(written(some({ presencePenalty: 1 }), [0, 0])).toEqual([0, 1, 0]); // ln 0.15 < ln 0.5 - 1 < ln 0.2
    // ln 0.5 - 0.6 · times: 0 until it was written twice, then ln 0.2 is more
    expect(written(some({ frequencyPenalty: 0.6 }), [0], 4)).toEqual([0, 0, 1, 0]);
    expect(
      written(
        {
          logitBias: new Map([
            [3, 5],
            [99, 5],
          ]),
        },
        [4],
      ),
    ).toEqual([3, 3, 3]);
  });

  it('orders a large vocabulary as a small one', () => {
    const random = new Random(3);
    const many = Float32Array.from({ length: 5000 }, (_, i) =>
      i % 7 === 0 ? [0, -0, -Infinity][i % 3]! : 4 * random.normal(),
    );
    const draw = (topP: number) => {
      const all = { ...rules, sampling: { ...rules.sampling, topP } };
      const ids = new Set<number>();
      for (let seed = 0; seed < 300; seed++) {
        ids.add(new TokenChooser(all, new Random(seed), [], 10).choose(many.slice()));
      }
      return ids;
    };
    const top = Math.max(...many);
    const sorted = [...many.entries()].sort(([i, a], [j, b]) => b - a || i - j);
    const all = sorted.reduce((sum, [, logit]) => sum + Math.exp(logit - top), 0);
    let sum = 0;
    const allowed = new Set<number>();
    for (const [id, logit] of sorted) {
      if (sum >= 0.1 * all) break;
      allowed.add(id);
      sum += Math.exp(logit - top);
    }
    expect(allowed.size).toBeLessThan(50);
    expect([...draw(0.1)].filter((id) => !allowed.has(id))).toEqual([]);
    expect(draw(0.1).size).toBeGreaterThan(allowed.size / 2);
  });
});
