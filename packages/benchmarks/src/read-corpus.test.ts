import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FileFormatError } from '@namm/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCorpus } from './read-corpus.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corpus-'));
  mkdirSync(join(folder, 'prose'));
  mkdirSync(join(folder, 'code'));
  writeFileSync(join(folder, 'prose', 'walden.txt.gz'), gzipSync('I went to the woods.'));
  writeFileSync(join(folder, 'code', 'tool.txt.gz'), gzipSync('return 1;'));
  const rows = ['| prose/walden.txt.gz | train | a |', '| code/tool.txt.gz | valid | b |'];
  writeFileSync(join(folder, 'SOURCES.md'), ['# Sources', ...rows].join('\n'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('readCorpus', () => {
  it('gives the works with their kinds and splits', () => {
    expect(readCorpus(folder)).toEqual([
      { name: 'walden', kind: 'prose', split: 'train', text: 'I went to the woods.' },
      { name: 'tool', kind: 'code', split: 'development', text: 'return 1;' },
    ]);
  });

  it.each([
    ['no SOURCES.md', () => rmSync(join(folder, 'SOURCES.md')), 'SOURCES.md: does not exist'],
    ['no rows', () => writeFileSync(join(folder, 'SOURCES.md'), '#'), 'has no row'],
    [
      'a missing work',
      () => rmSync(join(folder, 'code', 'tool.txt.gz')),
      'tool.txt.gz: does not exist',
    ],
    [
      'a damaged work',
      () => writeFileSync(join(folder, 'code', 'tool.txt.gz'), gzipSync('return').subarray(0, 12)),
      'is not a gzip file, or is truncated',
    ],
  ])('says what is wrong with %s', (_, damage, message) => {
    damage();
    expect(() => readCorpus(folder)).toThrow(FileFormatError);
    expect(() => readCorpus(folder)).toThrow(message);
  });
});
