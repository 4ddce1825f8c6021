import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GgufTypedValue, serializeGguf } from '@namm/tensors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../tokenizer.js';
import { TokenizerError } from '../tokenizer-error.js';

let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'namm-gguf-text-'));
});
afterAll(() => rm(work, { recursive: true }));

const text = (value: string): GgufTypedValue => ({ type: 'text', value });
const texts = (values: readonly string[]): GgufTypedValue => ({
  type: 'list',
  value: values.map(text),
});
const uint = (value: number): GgufTypedValue => ({ type: 'uint32', value });
const bool = (value: boolean): GgufTypedValue => ({ type: 'bool', value });

interface Recorded {
  bos_token_id: number;
  eos_token_id: number;
  chat_template: string;
  encode: {
    text: string;
    ids: number[];
    ids_with_special: number[];
    decoded: string;
    decoded_skip_special: string;
  }[];
  chat: {
    messages: { role: string; content: string }[];
    add_generation_prompt: boolean;
    text: string;
    ids: number[];
  }[];
}

/** A recorded tokenizer, as llama.cpp's converter writes it. */
async function recorded(name: string, model: 'gpt2' | 'llama', pre: string) {
  const folder = new URL(`../__fixtures__/${name}/`, import.meta.url);
  const json = JSON.parse(await readFile(new URL('tokenizer.json', folder), 'utf8'));
  const facts: Recorded = JSON.parse(
    await readFile(new URL('tokenizer_fixture.json', folder), 'utf8'),
  );
  const tokens: string[] = [];
  const types: number[] = [];
  for (const [token, id] of Object.entries<number>(json.model.vocab)) {
    tokens[id] = token;
    types[id] = model === 'llama' && /^<0x..>$/.test(token) ? 6 : 1;
  }
  for (const { content, id, special } of json.added_tokens) {
    tokens[id] = content;
    types[id] = special ? (content === json.model.unk_token ? 2 : 3) : 4;
  }
  const merged: string[][] = json.model.merges.map((merge: string | string[]) =>
    typeof merge === 'string' ? merge.split(' ') : merge,
  );
  const scores = tokens.map(() => -1e6);
  for (const [rank, pair] of merged.entries()) {
    const id = json.model.vocab[pair.join('')];
    scores[id] = Math.max(scores[id]!, -rank);
  }
  const metadata: Record<string, GgufTypedValue> = {
    'tokenizer.ggml.model': text(model),
    'tokenizer.ggml.pre': text(pre),
    'tokenizer.ggml.tokens': texts(tokens),
    'tokenizer.ggml.token_type': {
      type: 'list',
      value: types.map((value) => ({ type: 'int32', value })),
    },
    ...(model === 'gpt2'
      ? { 'tokenizer.ggml.merges': texts(merged.map((pair) => pair.join(' '))) }
      : {
          'tokenizer.ggml.scores': {
            type: 'list',
            value: scores.map((value) => ({ type: 'float32', value })),
          },
        }),
    'tokenizer.ggml.bos_token_id': uint(facts.bos_token_id),
    'tokenizer.ggml.eos_token_id': uint(facts.eos_token_id),
    'tokenizer.chat_template': text(facts.chat_template),
  };
  return { metadata, facts };
}

async function write(metadata: Record<string, GgufTypedValue>): Promise<string> {
  const path = join(work, 'model.gguf');
  await writeFile(path, serializeGguf(metadata, []));
  return path;
}

const cases: [name: string, model: 'gpt2' | 'llama', pre: string][] = [
  ['gpt2-bytelevel', 'gpt2', 'gpt-2'],
  ['llama3-split', 'gpt2', 'llama-bpe'],
  ['sp-bytefallback', 'llama', 'default'],
];

describe.each(cases)('%s from a GGUF file', (name, model, pre) => {
  it('gives the recorded ids and texts', async () => {
    const { metadata, facts } = await recorded(name, model, pre);
    const tokenizer = await loadTokenizer(await write(metadata));
    // A GGUF file cannot say that a token takes the spaces around it, and Llama 3 does not normalise.
    const isSaid = (one: string) =>
      !one.includes('<strip>') && (pre !== 'llama-bpe' || one === one.normalize('NFC'));
    const said = facts.encode.filter((one) => isSaid(one.text));
    expect(said.length).toBeGreaterThan(35);
    for (const one of said) {
      const ids = tokenizer.encode(one.text, { addSpecialTokens: false });
      expect(ids, one.text).toEqual(one.ids);
      expect(tokenizer.encode(one.text), one.text).toEqual(one.ids_with_special);
      expect(tokenizer.decode(ids)).toBe(one.decoded);
      expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(one.decoded_skip_special);
    }
    for (const { messages, add_generation_prompt, text: prompt, ids } of facts.chat) {
      const options = { addGenerationPrompt: add_generation_prompt };
      expect(tokenizer.applyChatTemplate(messages, options)).toBe(prompt);
      expect(tokenizer.encode(prompt, { addSpecialTokens: false })).toEqual(ids);
    }
    expect(tokenizer.bosId).toBe(facts.bos_token_id);
    expect(tokenizer.generation.endIds).toContain(facts.eos_token_id);
    expect(tokenizer.isSpecial(facts.eos_token_id)).toBe(true);
  });
});

describe('pieces of text', () => {
  const ids = async (pre: string, given: string) => {
    const { metadata } = await recorded('gpt2-bytelevel', 'gpt2', pre);
    // A merge of two digits, which some kinds let happen and others do not.
    const tokens = metadata['tokenizer.ggml.tokens']!.value as GgufTypedValue[];
    const types = metadata['tokenizer.ggml.token_type']!.value as GgufTypedValue[];
    const merges = metadata['tokenizer.ggml.merges']!.value as GgufTypedValue[];
    const more = ['12', '123', '1234'];
    const all = {
      ...metadata,
      'tokenizer.ggml.tokens': { type: 'list', value: [...tokens, ...more.map(text)] },
      'tokenizer.ggml.token_type': {
        type: 'list',
        value: [...types, ...more.map(() => ({ type: 'int32', value: 1 }))],
      },
      'tokenizer.ggml.merges': {
        type: 'list',
        value: [...['1 2', '12 3', '123 4'].map(text), ...merges],
      },
    } as Record<string, GgufTypedValue>;
    const tokenizer = await loadTokenizer(await write(all));
    return tokenizer.encode(given, { addSpecialTokens: false }).map((id) => tokenizer.decode([id]));
  };
  it.each([
    ['gpt-2', ['1234']],
    ['smollm', ['1', '2', '3', '4']],
    ['qwen2', ['1', '2', '3', '4']],
    ['llama-bpe', ['123', '4']],
    ['dbrx', ['123', '4']],
  ])('%s cuts numbers its way', async (pre, expected) => {
    expect(await ids(pre, '1234')).toEqual(expected);
  });

  it('qwen2 composes characters', async () => {
    expect((await ids('qwen2', 'e\u0301')).join('')).toBe((await ids('qwen2', '\u00e9')).join(''));
    expect(await ids('smollm', 'e\u0301')).not.toEqual(await ids('smollm', '\u00e9'));
  });
});

describe('the metadata', () => {
  it('says what stands around a text, and what ends an answer', async () => {
    const { metadata, facts } = await recorded('gpt2-bytelevel', 'gpt2', 'gpt-2');
    const plain = await loadTokenizer(await write(metadata));
    const both = await loadTokenizer(
      await write({
        ...metadata,
        'tokenizer.ggml.add_bos_token': bool(true),
        'tokenizer.ggml.add_eos_token': bool(true),
        'tokenizer.ggml.eot_token_id': uint(3),
      }),
    );
    const ids = plain.encode('kept');
    expect(both.encode('kept')).toEqual([facts.bos_token_id, ...ids, facts.eos_token_id]);
    // <|im_end|>, which has the id 4 here, ends turns by its name.
    expect([...plain.generation.endIds].sort()).toEqual([2, 4]);
    expect([...both.generation.endIds].sort()).toEqual([2, 3, 4]);
    expect(plain.generation.sampling.temperature).toBe(0);
  });

  const refused: [what: string, change: Record<string, GgufTypedValue | null>, message: RegExp][] =
    [
      ['no model', { 'tokenizer.ggml.model': null }, /key "tokenizer.ggml.model" is missing/],
      [
        'another model',
        { 'tokenizer.ggml.model': text('t5') },
        /'t5' is not supported; gpt2 and llama/,
      ],
      ['no kind', { 'tokenizer.ggml.pre': null }, /key "tokenizer.ggml.pre" is missing/],
      [
        'an unknown kind',
        { 'tokenizer.ggml.pre': text('tekken') },
        /key "tokenizer.ggml.pre" 'tekken' is none of gpt-2, smollm/,
      ],
      ['no tokens', { 'tokenizer.ggml.tokens': null }, /key "tokenizer.ggml.tokens" is missing/],
      [
        'a token twice',
        { 'tokenizer.ggml.tokens': texts(['a', 'a']), 'tokenizer.ggml.token_type': null },
        /has "a" twice/,
      ],
      [
        'too few types',
        { 'tokenizer.ggml.token_type': { type: 'list', value: [uint(1)] } },
        /has 1 entries for/,
      ],
      ['no merges', { 'tokenizer.ggml.merges': null }, /key "tokenizer.ggml.merges" is missing/],
      ['a merge of nothing', { 'tokenizer.ggml.merges': texts(['a']) }, /merge 0 is not a pair/],
      ['a merge of strangers', { 'tokenizer.ggml.merges': texts(['qq zz']) }, /merge 0 needs "qq"/],
      [
        'an end token that is none',
        { 'tokenizer.ggml.eos_token_id': uint(99_999) },
        /eos_token_id" is 99999/,
      ],
      [
        'a template that is none',
        { 'tokenizer.chat_template': text('{% if %}') },
        /chat template cannot be used/,
      ],
    ];
  it.each(refused)('is refused for %s', async (_, change, message) => {
    const { metadata } = await recorded('gpt2-bytelevel', 'gpt2', 'gpt-2');
    const changed = Object.entries({ ...metadata, ...change }).filter(
      ([, value]) => value !== null,
    );
    const path = await write(Object.fromEntries(changed) as typeof metadata);
    const error: unknown = await loadTokenizer(path).catch((reason) => reason);
    expect(error).toBeInstanceOf(TokenizerError);
    expect(String(error)).toContain(path);
    expect(String(error)).toMatch(message);
  });
});
