import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FileFormatError } from '@namm/core';
import type { FillerDocument } from './filler.js';
import type { FillerKind, Split } from './types.js';

const splitNames: Readonly<Record<string, Split>> = {
  train: 'train',
  valid: 'development',
  test: 'test',
};

/**
 * Reads a corpus folder: `SOURCES.md` has table rows that begin `| prose/name.txt.gz | split |` or
 * `| code/…`, with the split `train`, `valid` or `test`; the files are gzip of UTF-8 text.
 *
 * @returns the documents, for `documentFiller`
 * @throws {FileFormatError} when a file is missing or damaged, or there is no such row
 */
export function readCorpus(folder: string): FillerDocument[] {
  const sources = read(join(folder, 'SOURCES.md')).toString('utf8');
  const rows = [...sources.matchAll(/^\| ((prose|code)\/\S+\.gz) \| (train|valid|test) \|/gm)];
  if (rows.length === 0) {
    throw new FileFormatError(
      join(folder, 'SOURCES.md'),
      'has no row that begins "| prose/name.txt.gz | train |"',
    );
  }
  return rows.map(([, file, kind, split]) => ({
    name: basename(file!, '.txt.gz'),
    kind: kind as FillerKind,
    split: splitNames[split!]!,
    text: unpacked(join(folder, file!)),
  }));
}

function unpacked(path: string): string {
  const packed = read(path);
  try {
    return gunzipSync(packed).toString('utf8');
  } catch (cause) {
    throw new FileFormatError(path, 'is not a gzip file, or is truncated; fetch it again', {
      cause,
    });
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const problem = isMissing
      ? 'does not exist; a corpus is a folder with SOURCES.md and the works that it lists'
      : `cannot be read (${code})`;
    throw new FileFormatError(path, problem, { cause });
  }
}
