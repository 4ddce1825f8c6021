import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadFromJson } from './testing/load-from-json.js';

/** Made by `recipes/tokenizer-parts` with tokenizers, in Rust. */
const fixture = JSON.parse(
  readFileSync(new URL('__fixtures__/tokenizer-mixes.json', import.meta.url), 'utf8'),
) as {
  readonly name: string;
  readonly file: object;
  readonly rows: {
    readonly text: string;
    readonly ids: number[];
    readonly decoded: readonly [whole: string, withoutSpecial: string];
  }[];
}[];

describe('random mixes of the parts of a tokenizer', () => {
  it.each(fixture)('$name: as in the reference', async ({ file, rows }) => {
    const tokenizer = await loadFromJson(file);
    for (const { text, ids, decoded } of rows) {
      const got = [false, true].map((skipSpecialTokens) =>
        tokenizer.decode(ids, { skipSpecialTokens }),
      );
      expect([text, tokenizer.encode(text), got]).toEqual([text, ids, decoded]);
      const stream = tokenizer.stream({ skipSpecialTokens: false });
      const streamed = ids.map((id) => stream.push(id)).join('') + stream.end();
      expect([text, streamed]).toEqual([text, decoded[0]]);
    }
  });
});
