import { expect, it } from 'vitest';
import { retentionTexts } from './retention-texts.js';
import { TextStream } from './text-stream.js';

/** Each id is a byte of UTF-8. */
const tokenizer = {
  stream: () =>
    new TextStream({
      decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
      isSilent: () => false,
      isByte: () => true,
      tidiesSpaces: false,
    }),
};
const bytes = (text: string) => [...new TextEncoder().encode(text)];

it('gives every token its piece, and cuts the text into prompt and answer', () => {
  const ids = bytes('né.Ja');
  const { pieces, parts, ids: written } = retentionTexts(tokenizer, ids, 4);
  expect([...written]).toEqual(ids);
  expect(pieces).toHaveLength(6);
  expect(pieces.join('')).toBe('né.Ja');
  expect(parts).toEqual([
    { name: 'prompt', tokens: 4 },
    { name: 'answer', tokens: 2 },
  ]);
});

it('has no part without tokens: what was interrupted has no answer', () => {
  expect(retentionTexts(tokenizer, bytes('abc'), 9).parts).toEqual([{ name: 'prompt', tokens: 3 }]);
  expect(retentionTexts(tokenizer, [], 9)).toEqual({
    ids: new Uint32Array(),
    pieces: [],
    parts: [],
  });
});
