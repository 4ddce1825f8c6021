import { access, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ChatMessage, loadTokenizer } from '@namm/decoder';
import type { ConformanceKind } from './conformance-kind.js';

const fixtureFile = 'tokenizer_fixture.json';

interface TokenizerFixture {
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
  readonly vocab_size: number;
  readonly encode: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly ids_with_special: readonly number[];
    readonly tokens: readonly string[];
    readonly decoded: string;
    readonly decoded_skip_special: string;
  }[];
  readonly chat: readonly {
    readonly messages: readonly ChatMessage[];
    readonly add_generation_prompt: boolean;
    readonly text: string;
    readonly ids: readonly number[];
  }[];
}

/** What was computed, what was recorded, and from what. */
type Comparison = readonly [actual: unknown, expected: unknown, input: unknown];

async function compare(folder: string): Promise<Record<string, Comparison[]>> {
  const fixture: TokenizerFixture = JSON.parse(await readFile(join(folder, fixtureFile), 'utf8'));
  const tokenizer = await loadTokenizer(folder);
  const { encode, chat } = fixture;
  const plain = { addSpecialTokens: false };
  const skipping = { skipSpecialTokens: true };
  return {
    ids: encode.map(({ text, ids }) => [tokenizer.encode(text, plain), ids, text]),
    ids_with_special: encode.map((c) => [tokenizer.encode(c.text), c.ids_with_special, c.text]),
    tokens: encode.map(({ text, tokens }) => [tokenizer.tokens(text), tokens, text]),
    decoded: encode.map(({ ids, decoded }) => [tokenizer.decode(ids), decoded, ids]),
    decoded_skip_special: encode.map((c) => [
      tokenizer.decode(c.ids_with_special, skipping),
      c.decoded_skip_special,
      c.ids_with_special,
    ]),
    streamed: encode.map(({ ids }) => {
      const stream = tokenizer.stream({ skipSpecialTokens: false });
      const streamed = ids.map((id) => stream.push(id)).join('') + stream.end();
      return [streamed, tokenizer.decode(ids), ids];
    }),
    chat_text: chat.map(({ messages, add_generation_prompt: addGenerationPrompt, text }) => [
      tokenizer.applyChatTemplate(messages, { addGenerationPrompt }),
      text,
      messages,
    ]),
    chat_ids: chat.map(({ text, ids }) => [tokenizer.encode(text, plain), ids, text]),
    special_tokens: [
      [tokenizer.bosId, fixture.bos_token_id, 'bos_token_id'],
      [tokenizer.eosId, fixture.eos_token_id, 'eos_token_id'],
      [tokenizer.padId, fixture.pad_token_id, 'pad_token_id'],
      [tokenizer.vocabularySize, fixture.vocab_size, 'vocab_size'],
    ],
  };
}

/** Tokenizers against strings, ids and conversations; the error is the number of cases that differ. */
export const tokenizers: ConformanceKind = {
  name: 'tokenizers',
  recognises: (folder) =>
    access(join(folder, fixtureFile)).then(
      () => true,
      () => false,
    ),
  async *run(folder) {
    for (const [part, comparisons] of Object.entries(await compare(folder))) {
      const differing = comparisons.filter(
        ([actual, expected]) => JSON.stringify(actual) !== JSON.stringify(expected),
      );
      const first = differing[0] && JSON.stringify(differing[0]).slice(0, 300);
      yield {
        kind: 'tokenizers',
        name: `${basename(folder)}/${part}`,
        error: differing.length,
        tolerance: 0,
        ok: differing.length === 0,
        ...(first && { note: `first of them, as [ours, recorded, input]: ${first}` }),
      };
    }
  },
};
