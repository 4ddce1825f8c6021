import { InvalidArgumentError, type RetentionRecord } from '@namm/core';
import { expect, it } from 'vitest';
import { sampleRecord } from '../test/sample-record.js';
import { retentionPage } from './index.js';

const record = sampleRecord({ layers: 2, heads: 2, tokens: 40, chunk: 8 }, 1);

it('is one file that names no other', () => {
  const page = retentionPage(record, { title: 'A run' });
  expect(page).toContain('<title>A run</title>');
  // Pictures would be in the page themselves.
  expect(page.match(/\b(src|href|import|url)\s*[=(](?!`data:)/g)).toBeNull();
  const addresses = page.match(/https?:\/\/[^"'` ]*/g) ?? [];
  expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org/2000/svg']));
});

it('stays small: packed numbers, not lists', () => {
  const large = sampleRecord({ layers: 30, heads: 8, tokens: 1024, chunk: 128 }, 1);
  const numbers = 30 * 8 * 1024 * 2; // when each token was evicted, and its score
  expect(retentionPage(large).length).toBeLessThan(2 * numbers + 200_000);
});

it('takes pictures of parts, and nothing else', () => {
  const jpeg = Uint8Array.of(0xff, 0xd8, 0xff);
  const page = retentionPage(record, { pictures: [{ part: 0, jpeg }] });
  expect(page).toContain('"pictures":[{"part":0,"jpeg":"/9j/"}]');
  expect(page).toContain('img-src data:');
  expect(retentionPage(record)).not.toContain('img-src');
  expect(() => retentionPage(record, { pictures: [{ part: 9, jpeg }] })).toThrow(/part 9/);
  const png = Uint8Array.of(0x89, 0x50);
  expect(() => retentionPage(record, { pictures: [{ part: 0, jpeg: png }] })).toThrow(/not a JPEG/);
});

it('names tokens by id or number where there is no text', () => {
  const { pieces, ids, parts, ...bare } = record;
  expect(retentionPage({ ...bare, ids: ids!.map((id) => id + 500) })).toContain('"500","501"');
  expect(retentionPage(bare)).toContain('"0","1","2"');
});

it.each<[string, Partial<RetentionRecord>, string]>([
  ['contradicts itself', { evictedAt: new Uint32Array(3) }, 'evictedAt'],
  [
    'holds no token',
    {
      seen: new Uint32Array(0),
      bytes: {
        allocated: new Float64Array(0),
        used: new Float64Array(0),
        positions: new Float64Array(0),
        policy: new Float64Array(0),
      },
      evictedAt: new Uint32Array(0),
      scores: [],
      ids: new Uint32Array(0),
      pieces: [],
      parts: [],
    },
    'holds no token',
  ],
])('refuses a record that %s', (_, change, message) => {
  const refused = () => retentionPage({ ...record, ...change });
  expect(refused).toThrow(InvalidArgumentError);
  expect(refused).toThrow(message);
});
