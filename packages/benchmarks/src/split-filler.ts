import type { FillerKind } from './types.js';

/** Sentences with more words than this are cut at commas, so that prompts can be filled closely. */
const longSentence = 24;
/** Lines of code longer than this many characters are left out. */
const longLine = 120;

/**
 * Cuts a text into the pieces that a sample is made of: sentences of prose (each preceded by a blank) or lines of code
 * (each preceded by a line feed). Facts are planted between pieces.
 */
export function splitFiller(text: string, kind: FillerKind): string[] {
  if (kind === 'code') {
    return text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '' && line.length <= longLine)
      .map((line) => `\n${line}`);
  }
  const sentences = text
    .replace(/\s+/gu, ' ')
    .split(/(?<=[.!?]["')\]]{0,2}) (?=["'(]?[\p{Lu}\d])/u);
  return sentences
    .flatMap((sentence) =>
      sentence.split(' ').length > longSentence ? sentence.split(/(?<=[,;:]["']?) /u) : [sentence],
    )
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')
    .map((piece) => ` ${piece}`);
}
