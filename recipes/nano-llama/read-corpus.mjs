import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const splitNames = { train: 'train', valid: 'development', test: 'test' };

/**
 * Reads a corpus folder: `SOURCES.md` has table rows that begin `| prose/name.txt.gz | split |` or
 * `| code/…`, with the split `train`, `valid` or `test`; the files are gzip of UTF-8 text.
 *
 * @returns the documents, for `documentFiller`
 */
export function readCorpus(folder) {
  const sources = readFileSync(join(folder, 'SOURCES.md'), 'utf8');
  const rows = [...sources.matchAll(/^\| ((prose|code)\/\S+\.gz) \| (train|valid|test) \|/gm)];
  return rows.map(([, file, kind, split]) => ({
    name: basename(file, '.txt.gz'),
    kind,
    split: splitNames[split],
    text: gunzipSync(readFileSync(join(folder, file))).toString('utf8'),
  }));
}
