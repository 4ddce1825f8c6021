import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { describeNoText } from './describe-no-text.js';

it.each([
  ['text', Buffer.from('Füße\n'), null],
  ['text behind a byte order mark', Buffer.from('\ufeffhello'), null],
  ['gzip', gzipSync('hello'), 'is compressed (gzip), not text; unpack it first'],
  ['a ZIP', Buffer.from('PK\u0003\u0004rest'), /ZIP archive or an office document/],
  ['a PDF', Buffer.from('%PDF-1.7'), /is a PDF/],
  ['UTF-16', Buffer.from('\ufeffhello', 'utf16le'), 'is text in UTF-16; save it as UTF-8'],
  ['Latin-1', Buffer.from('Füße', 'latin1'), 'is not text in UTF-8'],
  ['a zero byte', Buffer.from('a\0b'), 'is not text in UTF-8'],
  ['nothing', Buffer.alloc(0), 'is empty'],
  ['blanks', Buffer.from(' \n\t'), 'is empty'],
])('tells what %s is', (_, bytes, expected) => {
  const problem = describeNoText(bytes);
  if (expected instanceof RegExp) expect(problem).toMatch(expected);
  else expect(problem).toBe(expected);
});
