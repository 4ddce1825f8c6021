import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatMessage } from './chat-template.js';
import { loadTokenizer, type Tokenizer } from './tokenizer.js';
import { TokenizerError } from './tokenizer-error.js';

interface Fixture {
  bos_token_id: number;
  eos_token_id: number;
  pad_token_id: number;
  vocab_size: number;
  encode: {
    text: string;
    ids: number[];
    ids_with_special: number[];
    tokens: string[];
    decoded: string;
    decoded_skip_special: string;
  }[];
  chat: { messages: ChatMessage[]; add_generation_prompt: boolean; text: string; ids: number[] }[];
}

const folderOf = (name: string) => fileURLToPath(new URL(`__fixtures__/${name}`, import.meta.url));
const readJson = (folder: string, file: string) =>
  JSON.parse(readFileSync(join(folder, file), 'utf8'));
/** Runs something with a temporary folder. */
async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'namm-tokenizer-'));
  return work(folder).finally(() => rm(folder, { recursive: true }));
}

const names = ['gpt2-bytelevel', 'llama3-split', 'sp-bytefallback'];

describe.each(names)('the tokenizer %s', (name) => {
  const folder = folderOf(name);
  const fixture: Fixture = readJson(folder, 'tokenizer_fixture.json');
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(folder);
  });

  it.each(fixture.encode)('encodes and decodes $text as transformers does', (expected) => {
    expect({
      text: expected.text,
      ids: tokenizer.encode(expected.text, { addSpecialTokens: false }),
      ids_with_special: tokenizer.encode(expected.text),
      tokens: tokenizer.tokens(expected.text),
      decoded: tokenizer.decode(expected.ids),
      decoded_skip_special: tokenizer.decode(expected.ids_with_special, {
        skipSpecialTokens: true,
      }),
    }).toEqual(expected);
  });

  it('renders conversations as transformers does', () => {
    for (const { messages, add_generation_prompt, text, ids } of fixture.chat) {
      const options = { addGenerationPrompt: add_generation_prompt };
      expect(tokenizer.applyChatTemplate(messages, options)).toBe(text);
      expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(ids);
    }
  });

  it('knows its special tokens and size', () => {
    expect(tokenizer.bosId).toBe(fixture.bos_token_id);
    expect(tokenizer.eosId).toBe(fixture.eos_token_id);
    expect(tokenizer.padId).toBe(fixture.pad_token_id);
    expect(tokenizer.vocabularySize).toBe(fixture.vocab_size);
    expect(tokenizer.idOf(tokenizer.tokenOf(5)!)).toBe(5);
    expect(tokenizer.tokenOf(fixture.vocab_size)).toBeNull();
    expect(tokenizer.idOf('no such token')).toBeNull();
  });

  it('leaves out ids that no token has, and refuses what is no id', () => {
    const [a, b] = tokenizer.encode('a b', { addSpecialTokens: false });
    expect(tokenizer.decode([a!, 5000, b!])).toBe(tokenizer.decode([a!, b!]));
    expect(() => tokenizer.decode([-1])).toThrow(InvalidArgumentError);
    expect(() => tokenizer.decode([1.5])).toThrow(InvalidArgumentError);
    expect(() => tokenizer.encode(7 as unknown as string)).toThrow(InvalidArgumentError);
  });

  it.each([false, true])('streams any ids as it decodes them (tidying: %s)', async (tidies) => {
    const tidying = await withFolder(async (copy) => {
      await cp(folder, copy, { recursive: true });
      const config = {
        ...readJson(folder, 'tokenizer_config.json'),
        clean_up_tokenization_spaces: tidies,
        clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output: tidies,
      };
      await writeFile(join(copy, 'tokenizer_config.json'), JSON.stringify(config));
      return loadTokenizer(copy);
    });
    const anyIds = fc.array(fc.nat(fixture.vocab_size + 3), { maxLength: 200 });
    const someText = fc
      .array(fc.constantFrom(...fixture.encode), { maxLength: 8 })
      .map((parts) => parts.flatMap(({ ids }) => ids));
    fc.assert(
      fc.property(fc.oneof(anyIds, someText), fc.boolean(), (ids, skipSpecialTokens) => {
        const stream = tidying.stream({ skipSpecialTokens });
        const pieces = ids.map((id) => stream.push(id));
        expect(pieces.join('') + stream.end()).toBe(tidying.decode(ids, { skipSpecialTokens }));
      }),
    );
  });
});

describe('TextStream', () => {
  it('holds a character back until its last byte, then gives it whole', async () => {
    const tokenizer = await loadTokenizer(folderOf('gpt2-bytelevel'));
    const stream = tokenizer.stream();
    const pieces = tokenizer.encode('a😀b').map((id) => stream.push(id));
    expect(pieces.filter((piece) => piece !== '')).toEqual(['a', '😀', 'b']);
    expect(stream.end()).toBe('');
  });

  it('gives out each word of a long text at once', async () => {
    const tokenizer = await loadTokenizer(folderOf('sp-bytefallback'));
    const stream = tokenizer.stream();
    const text = 'the cache keeps tokens '.repeat(40).trim();
    let shown = '';
    for (const id of tokenizer.encode(text)) shown += stream.push(id);
    expect(shown).toBe(text);
  });
});

describe('loadTokenizer', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'namm-tokenizer-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const bpe = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] };
  const load = async (json: unknown, config?: unknown, template?: string, map?: unknown) => {
    await rm(folder, { recursive: true });
    folder = await mkdtemp(join(tmpdir(), 'namm-tokenizer-'));
    await writeFile(
      join(folder, 'tokenizer.json'),
      typeof json === 'string' ? json : JSON.stringify(json),
    );
    if (config) await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(config));
    if (template) await writeFile(join(folder, 'chat_template.jinja'), template);
    if (map) await writeFile(join(folder, 'special_tokens_map.json'), JSON.stringify(map));
    return loadTokenizer(folder);
  };

  it.each<[string, unknown, RegExp]>([
    ['cut JSON', '{"model":{', /not valid JSON/],
    ['a list', [], /no JSON object/],
    ['no model', {}, /has no model/],
    ['an unknown model type', { model: { ...bpe, type: 'FrobPiece' } }, /FrobPiece/],
    [
      'a merge of unknown parts',
      { model: { ...bpe, merges: ['a b', 'a c'] } },
      /merge 1 needs "c"/,
    ],
    ['a merge to an unknown token', { model: { ...bpe, merges: [['b', 'a']] } }, /needs "ba"/],
    ['a merge of three', { model: { ...bpe, merges: ['a b c'] } }, /merge 0/],
    ['no merges', { model: { type: 'BPE', vocab: {} } }, /no merges/],
    ['no vocabulary', { model: { type: 'BPE', merges: [] } }, /no vocabulary/],
    ['a negative id', { model: { ...bpe, vocab: { a: -1 } } }, /"a" has no valid id/],
    ['an id that is text', { model: { ...bpe, vocab: { a: '1' } } }, /"a" has no valid id/],
    ['a piece without score', { model: { type: 'Unigram', vocab: [['a']] } }, /piece 0/],
    ['a broken added token', { model: bpe, added_tokens: [{ content: 'x' }] }, /added_tokens/],
    ['an unknown normalizer', { model: bpe, normalizer: { type: 'Frob' } }, /Frob/],
  ])('refuses %s', async (_, json, message) => {
    const error: unknown = await load(json).catch((reason) => reason);
    expect(error).toBeInstanceOf(TokenizerError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain('tokenizer.json');
  });

  it('refuses a folder without tokenizer.json', async () => {
    await expect(loadTokenizer(join(folder, 'absent'))).rejects.toThrow(
      /tokenizer.json: does not exist/,
    );
  });

  it('needs no tokenizer_config.json, and fills in what old files leave out', async () => {
    const tokenizer = await load({ model: { vocab: bpe.vocab, merges: bpe.merges } });
    expect(tokenizer.encode('abb')).toEqual([2, 1]);
    expect([tokenizer.bosId, tokenizer.eosId, tokenizer.padId]).toEqual([null, null, null]);
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.chatTemplates).toEqual([]);
    expect(() => tokenizer.applyChatTemplate([])).toThrow(TokenizerError);
  });

  it('takes a named template, special tokens given as objects, and variables', async () => {
    const chat_template = [
      { name: 'other', template: 'no' },
      { name: 'default', template: '{{ bos_token }}{{ messages[0].content }}{{ mood }}' },
    ];
    const added_tokens = [{ id: 3, content: '<s>', special: true }];
    const tokenizer = await load(
      { model: bpe, added_tokens },
      { chat_template, bos_token: { content: '<s>' } },
    );
    const messages = [{ role: 'user', content: 'hi' }];
    expect(tokenizer.applyChatTemplate(messages, { variables: { mood: '!' } })).toBe('<s>hi!');
    expect(tokenizer.bosId).toBe(3);
  });

  describe('special tokens of other files than tokenizer.json', () => {
    const word = { content: 'ab', lstrip: false, normalized: false, rstrip: false };
    it.each<[string, object, object | null]>([
      ['a name', { eos_token: 'ab' }, null],
      ['another name', { image_token: 'ab' }, null],
      ['a list', { extra_special_tokens: ['ab'] }, null],
      ['an older list', { additional_special_tokens: [{ content: 'ab' }] }, null],
      ['names of its own', { extra_special_tokens: { boi: 'ab' } }, null],
      ['the map', {}, { eos_token: 'ab' }],
      [
        'added_tokens_decoder, whose id does not count',
        { added_tokens_decoder: { 7: word } },
        null,
      ],
    ])('%s: one token wherever the text stands', async (_, config, map) => {
      const model = { ...bpe, vocab: { a: 0, b: 1, ab: 2, aab: 3 }, merges: ['a ab', 'a b'] };
      const tokenizer = await load({ model }, config, undefined, map);
      expect(tokenizer.encode('aabb')).toEqual([0, 2, 1]);
      if (!('added_tokens_decoder' in config)) expect(tokenizer.isSpecial(2)).toBe(true);
    });

    it('those that the vocabulary lacks get ids behind it, names first', async () => {
      const extra_special_tokens = ['<b>', '<a>'];
      const tokenizer = await load({ model: bpe }, { extra_special_tokens, eos_token: '<e>' });
      expect(['<e>', '<b>', '<a>'].map((text) => tokenizer.idOf(text))).toEqual([3, 4, 5]);
      expect(tokenizer.encode('a<a>b')).toEqual([0, 5, 1]);
      expect(tokenizer.decode([0, 5, 1], { skipSpecialTokens: true })).toBe('a b');
    });

    it('the map counts before the configuration, but not beside added_tokens_decoder', async () => {
      const config = { eos_token: 'a', extra_special_tokens: { x: 'b' } };
      const map = { eos_token: 'b', bos_token: 'ab', extra_special_tokens: ['ab'] };
      const template = '{{ bos_token }}|{{ eos_token }}|{{ x }}';
      const old = await load({ model: bpe }, config, template, map);
      expect(old.applyChatTemplate([])).toBe('ab|b|b');
      const listed = { ...config, added_tokens_decoder: {} };
      const current = await load({ model: bpe }, listed, template, map);
      expect(current.applyChatTemplate([])).toBe('|a|b');
    });
  });

  it('takes the template of a tokenizer, and with a processor that of the processor', async () => {
    await load({ model: bpe }, { chat_template: 'tokenizer' });
    const file = join(folder, 'chat_template.json');
    await writeFile(file, JSON.stringify({ chat_template: 'processor' }));
    expect((await loadTokenizer(folder)).applyChatTemplate([])).toBe('tokenizer');
    await writeFile(join(folder, 'preprocessor_config.json'), '{}');
    expect((await loadTokenizer(folder)).applyChatTemplate([])).toBe('processor');
    await rm(join(folder, 'tokenizer_config.json'));
    await rm(join(folder, 'preprocessor_config.json'));
    expect((await loadTokenizer(folder)).applyChatTemplate([])).toBe('processor');
  });

  it('refuses unknown options by name', async () => {
    const tokenizer = await load({ model: bpe }, {}, 'x');
    const wrong = { addSpecialToken: false, skipSpecial: true, tool: [] };
    expect(() => tokenizer.encode('a', wrong as object)).toThrow(/addSpecialToken.*Did you mean/);
    expect(() => tokenizer.decode([0], wrong as object)).toThrow(/^addSpecialToken: /);
    expect(() => tokenizer.stream({ skipSpecial: true } as object)).toThrow(/^skipSpecial: /);
    expect(() => tokenizer.applyChatTemplate([], { tool: [] } as object)).toThrow(/^tool: .*tools/);
  });

  it('passes on what a template refuses, and refuses a template that cannot be parsed', async () => {
    const tokenizer = await load(
      { model: bpe },
      {},
      "{{ raise_exception('roles must alternate') }}",
    );
    expect(() => tokenizer.applyChatTemplate([])).toThrow(
      /chat_template.jinja.*roles must alternate/,
    );
    await expect(load({ model: bpe }, {}, '{% for %}')).rejects.toThrow(TokenizerError);
  });
});
