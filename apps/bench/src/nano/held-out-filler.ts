import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { documentFiller, type Filler, type FillerDocument } from '@namm/benchmarks';
import { heldOutProse } from '../measuring/held-out-prose.js';

/**
 * Real text from installed packages that the bundled models have not seen in training: State of the Union
 * addresses before 1945, and the sources of the command-line parser.
 */
export function heldOutFiller(): Filler {
  const prose = heldOutProse().map(
    ({ name, text }): FillerDocument => ({ name, kind: 'prose', split: 'test', text }),
  );
  return documentFiller([...prose, ...commanderSources()]);
}

function commanderSources(): FillerDocument[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('commander')), 'lib');
  const text = readdirSync(folder)
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  return [{ name: 'commander', kind: 'code', split: 'test', text }];
}
