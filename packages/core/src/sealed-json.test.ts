import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseSealedJson, sealedJson } from './sealed-json.js';

const value = { tokens: [1, 2.5, -0.1e-7], text: 'Grüße\n', '2': null, nested: { done: true } };

it('gives back any object, on one line or indented', () => {
  expect(parseSealedJson(sealedJson(value))).toEqual(value);
  expect(parseSealedJson(sealedJson(value, 2))).toEqual(value);
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (any) => {
      fc.pre(!Object.hasOwn(any, 'checksum'));
      const text = sealedJson(any);
      expect(parseSealedJson(text)).toEqual(JSON.parse(JSON.stringify(any)));
    }),
  );
});

it('takes what has no checksum as it is', () => {
  for (const text of ['{"a":1}', '[1]', 'null', '"checksum"', '3'])
    expect(parseSealedJson(text)).toEqual(JSON.parse(text));
});

it.each([undefined, 2])('refuses every flipped bit that changes a value (indent %s)', (indent) => {
  const bytes = new TextEncoder().encode(sealedJson(value, indent));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    let read: unknown;
    try {
      read = parseSealedJson(new TextDecoder().decode(damaged));
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
      continue;
    }
    // Spaces are not content; without the key of the checksum it is a text that another program wrote.
    expect(read).toMatchObject(value);
  }
});

it('says how a text that was changed on purpose is read', () => {
  const text = sealedJson(value).replace('2.5', '3.5');
  expect(() => parseSealedJson(text)).toThrow(/damaged.*remove "checksum"/);
});
