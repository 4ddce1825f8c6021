import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { documentFiller, type Filler, type FillerDocument } from '../filler.js';
import { readCorpus } from '../read-corpus.js';
import type { Split } from '../types.js';
import { stateOfTheUnion } from './state-of-the-union.js';

/**
 * The text in which NanoBench hides its tasks: the works of a corpus folder, or real text from installed packages that
 * the bundled models have not seen in training. The test split has State of the Union addresses before 1945 and the
 * sources of commander; the development split has addresses from 1991 on and the sources of tar.
 *
 * @param corpus a folder with SOURCES.md
 */
export function nanobenchFiller(corpus?: string): Filler {
  if (corpus !== undefined) return documentFiller(readCorpus(corpus));
  const works = (split: Split, addresses: ReturnType<typeof stateOfTheUnion>): FillerDocument[] =>
    addresses.map(({ name, text }) => ({ name, kind: 'prose', split, text }));
  return documentFiller([
    ...works('test', stateOfTheUnion(1790, 1944)),
    ...works('development', stateOfTheUnion(1991, 2020)),
    sources('commander', 'test', 'lib'),
    sources('tar', 'development', '../esm'),
  ]);
}

/** @param folder beside the package's main file */
function sources(name: string, split: Split, folder: string): FillerDocument {
  const path = join(dirname(createRequire(import.meta.url).resolve(name)), folder);
  const text = readdirSync(path)
    .filter((file) => file.endsWith('.js') && !file.endsWith('.min.js'))
    .sort()
    .map((file) => readFileSync(join(path, file), 'utf8'))
    .join('\n');
  return { name, kind: 'code', split, text };
}
