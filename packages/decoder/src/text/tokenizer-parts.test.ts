import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadFromJson } from './testing/load-from-json.js';
import { TokenizerError } from './tokenizer-error.js';

/** Made by `recipes/tokenizer-parts` with tokenizers, in Rust. */
const fixture = JSON.parse(
  readFileSync(new URL('__fixtures__/tokenizer-parts.json', import.meta.url), 'utf8'),
) as {
  readonly name: string;
  readonly file: object;
  readonly error?: string;
  readonly encoded: { readonly text: string; readonly ids: number[] }[];
  readonly decoded: { readonly ids: number[]; readonly text: string }[];
}[];

/** What the reference reads and this package does not, with the cause that it names. */
const refused: readonly (readonly [name: string, cause: RegExp])[] = [
  ['{"type": "UnicodeScripts"}', /UnicodeScripts/],
  ['{"type": "ByteLevel"}', /Normalizer type: ByteLevel/],
  ['added, normalised to another', /"HEL" is normalised to the text of token 257/],
  ['dropout', /drops merges at random \(dropout 0.5\)/],
  ['WordLevel', /type "WordLevel"/],
];

describe('the parts of a tokenizer', () => {
  const names = refused.map(([name]) => name);
  const usable = fixture.filter(({ name, error }) => !error && !names.includes(name));

  it('are many', () => expect(usable.length).toBeGreaterThan(70));

  it.each(usable)('$name: as in the reference', async ({ file, encoded, decoded }) => {
    const tokenizer = await loadFromJson(file);
    for (const { text, ids } of encoded) {
      expect([text, tokenizer.encode(text, { addSpecialTokens: false })]).toEqual([text, ids]);
    }
    for (const { ids, text } of decoded) {
      expect([ids, tokenizer.decode(ids)]).toEqual([ids, text]);
      const stream = tokenizer.stream({ skipSpecialTokens: false });
      const streamed = ids.map((id) => stream.push(id)).join('') + stream.end();
      expect([ids, streamed]).toEqual([ids, text]);
    }
  });

  it.each(fixture.filter(({ error }) => error))(
    '$name: refused, as by the reference',
    async ({ file }) => {
      await expect(loadFromJson(file)).rejects.toThrow(TokenizerError);
    },
  );

  it.each(refused)('%s: refused with the cause', async (name, cause) => {
    await expect(loadFromJson(fixture.find((one) => one.name === name)!.file)).rejects.toThrow(
      cause,
    );
  });

  it('spell what a Unigram model lacks in bytes', async () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => [
      `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
      -9,
    ]);
    const vocab = [['<unk>', 0], ['a', -1], ...bytes];
    const model = { type: 'Unigram', unk_id: 0, vocab, byte_fallback: true };
    const tokenizer = await loadFromJson({ model });
    expect(tokenizer.encode('a½é a')).toEqual([1, 196, 191, 197, 171, 34, 1]);
    const lacking = await loadFromJson({ model: { ...model, vocab: vocab.slice(0, -1) } });
    expect(lacking.encode('a½a')).toEqual([1, 196, 191, 1]);
    const without = await loadFromJson({ model: { ...model, byte_fallback: false } });
    expect(without.encode('a½éa')).toEqual([1, 0, 1]);
  });
});
