import type { Definition, Part } from './parts.js';
import { wordCharacters } from './word-characters.js';

const spaces = /\p{White_Space}/gu;
const wordsAndSigns = new RegExp(
  `[${wordCharacters}]+|[^${wordCharacters}\\p{White_Space}]+`,
  'gu',
);

type Behavior = 'removed' | 'isolated' | 'mergedwithprevious' | 'mergedwithnext' | 'contiguous';

/** Cuts a text at what a pattern matches, and does with that what the behaviour says. */
function splitBy(text: string, pattern: RegExp, behavior: Behavior, invert = false): string[] {
  const pieces: { text: string; isMatch: boolean }[] = [];
  const push = (piece: string, isMatch: boolean) => {
    if (piece !== '') pieces.push({ text: piece, isMatch: isMatch !== invert });
  };
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    push(text.slice(end, match.index), false);
    push(match[0], true);
    end = match.index + match[0].length;
  }
  push(text.slice(end), false);
  switch (behavior) {
    case 'removed':
      return pieces.filter(({ isMatch }) => !isMatch).map((piece) => piece.text);
    case 'isolated':
      return pieces.map((piece) => piece.text);
    case 'contiguous':
      return joined(pieces, (piece, last) => piece.isMatch === last.isMatch);
    case 'mergedwithprevious':
      return joined(pieces, (piece, last) => piece.isMatch && !last.isMatch);
    case 'mergedwithnext': {
      const backwards = joined(
        pieces.reverse(),
        (piece, last) => piece.isMatch && !last.isMatch,
        true,
      );
      return backwards.reverse();
    }
  }
}

interface Piece {
  readonly text: string;
  readonly isMatch: boolean;
}

/** Joins pieces to the one before where that is wanted. */
function joined(
  pieces: readonly Piece[],
  isJoined: (piece: Piece, last: Piece) => boolean,
  isBackwards = false,
): string[] {
  const texts: string[] = [];
  for (const [i, piece] of pieces.entries()) {
    const last = pieces[i - 1];
    if (!last || !isJoined(piece, last)) texts.push(piece.text);
    else texts.push(isBackwards ? piece.text + texts.pop()! : texts.pop()! + piece.text);
  }
  return texts;
}

const punctuation = /[\p{P}!-/:-@[-`{-~]/gu;

/** How splits treat what they match, and which characters are digits, punctuation and spaces. */
export function mendPreTokenizer(part: Part | null, definition: Definition): void {
  if (!part || !definition) return;
  const { type } = definition;
  const behavior = String(definition.behavior ?? 'Isolated').toLowerCase() as Behavior;
  if (type === 'Sequence') {
    const definitions = (definition.pretokenizers ?? []) as Definition[];
    const inner = part.tokenizers ?? [];
    for (const [i, one] of inner.entries()) mendPreTokenizer(one, definitions[i]);
    // piece by piece: only the piece at the start of the text counts as the first
    part.pre_tokenize_text = (text, options) =>
      inner.reduce(
        (pieces, one) =>
          pieces.flatMap((piece, i) => {
            const isFirst = i === 0 && text.startsWith(piece);
            return one.pre_tokenize_text!(piece, isFirst ? options : { section_index: 1 });
          }),
        [text],
      );
  } else if (type === 'Split' && part.pattern) {
    const { pattern } = part;
    part.pre_tokenize_text = (text) => splitBy(text, pattern, behavior, definition.invert === true);
  } else if (type === 'Punctuation') {
    part.pre_tokenize_text = (text) => splitBy(text, punctuation, behavior);
  } else if (type === 'Digits') {
    const each = definition.individual_digits === true ? 'isolated' : 'contiguous';
    part.pre_tokenize_text = (text) => splitBy(text, /\p{N}/gu, each);
  } else if (type === 'Whitespace') {
    part.pre_tokenize_text = (text) => text.match(wordsAndSigns) ?? [];
  } else if (type === 'BertPreTokenizer') {
    part.pre_tokenize_text = (text) =>
      splitBy(text, spaces, 'removed').flatMap((word) => splitBy(word, punctuation, 'isolated'));
  } else if (type === 'WhitespaceSplit') {
    part.pre_tokenize_text = (text) => splitBy(text, spaces, 'removed');
  } else if (type === 'Metaspace' && definition.split !== false && part.pre_tokenize_text) {
    const whole = part.pre_tokenize_text.bind(part);
    const pattern = new RegExp(escaped(String(definition.replacement ?? '\u2581')), 'gu');
    part.pre_tokenize_text = (text, options) =>
      whole(text, options).flatMap((one) => splitBy(one, pattern, 'mergedwithnext'));
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
