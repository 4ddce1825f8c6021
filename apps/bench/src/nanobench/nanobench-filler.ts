import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  documentFiller,
  type Filler,
  type FillerDocument,
  readCorpus,
  type Split,
} from '@namm/benchmarks';
import { heldOutProse, prose } from '../measuring/held-out-prose.js';

/**
 * The works of a corpus folder; without one, real text from installed packages that the bundled models have not seen in training. Test: State of the Union
 * addresses before 1945, and the sources of the command-line parser. Development: addresses from 1991 on, and the
 * sources of tar.
 */
export function nanobenchFiller(corpus?: string): Filler {
  if (corpus !== undefined) return documentFiller(readCorpus(corpus));
  const works = (split: Split, addresses: ReturnType<typeof prose>): FillerDocument[] =>
    addresses.map(({ name, text }) => ({ name, kind: 'prose', split, text }));
  return documentFiller([
    ...works('test', heldOutProse()),
    ...works('development', prose(1991, 2020)),
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
