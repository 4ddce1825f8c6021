import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type FillerDocument, readCorpus, type Split } from '@namm/benchmarks';
import { stateOfTheUnion } from '@namm/benchmarks/texts';

/**
 * Text to hide tasks in while evolving. From a corpus folder, its `train` and `valid` works; else from installed
 * packages, of which none is what `nanobench` measures on in its `test` split: State of the Union addresses from 1945 on, those after
 * 1990 for validation; sources of transformers.js, those of tar for validation.
 */
export function evolveTexts(corpus?: string): FillerDocument[] {
  if (corpus !== undefined) return readCorpus(corpus);
  const addresses = stateOfTheUnion(1945, 2020).map(({ name, text, year }): FillerDocument => {
    return { name, kind: 'prose', split: year <= 1990 ? 'train' : 'development', text };
  });
  return [
    ...addresses,
    sources('@huggingface/transformers', 'train', (root) => join(root, 'src')),
    sources('tar', 'development', (root) => join(root, 'dist', 'esm')),
  ];
}

function sources(name: string, split: Split, folderIn: (root: string) => string): FillerDocument {
  const folder = folderIn(packageRoot(name));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .sort();
  const text = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  return { name, kind: 'code', split, text };
}

/** The folder of an installed package, found from its main file. */
function packageRoot(name: string): string {
  const main = createRequire(import.meta.url).resolve(name);
  const mark = join('node_modules', name);
  return main.slice(0, main.lastIndexOf(mark) + mark.length);
}
