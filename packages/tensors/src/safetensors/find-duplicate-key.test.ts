import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findDuplicateKey } from './find-duplicate-key.js';

describe('findDuplicateKey', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":{"b":1, "b" :2}}', 'b'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"a\\"b":1,"a\\"b":2}', 'a"b'],
    ['{"a":"a","b":"a"}', null],
    ['[{"a":1},{"a":1}]', null],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', null],
    ['{"__proto__":1,"constructor":2}', null],
  ])('looks at %s and finds %j', (text, expected) => {
    expect(findDuplicateKey(text)).toBe(expected);
  });

  it('finds none in what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(3), (text, space) => {
        const written = JSON.stringify(JSON.parse(text), null, space);
        return findDuplicateKey(written) === null;
      }),
    );
  });
});
