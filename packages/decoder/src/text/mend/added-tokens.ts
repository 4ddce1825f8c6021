import { wordCharacters } from './word-characters.js';

/** An added token of `tokenizer.json`, as far as it is looked for in texts. */
export interface AddedToken {
  readonly content: string;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
}

/** A part of a text: an added token, or what stands between them. */
export interface Section {
  readonly text: string;
  readonly token: AddedToken | null;
}

const wordEnd = new RegExp(`[${wordCharacters}]$`, 'u');
const wordStart = new RegExp(`^[${wordCharacters}]`, 'u');
const space = /^\p{White_Space}$/u;

/**
 * Cuts a text at added tokens, as the reference does. A token that must stand alone is left in the text when it is
 * part of a word; spaces beside a token that takes them belong to it.
 *
 * @param pieces the text in pieces, cut wherever a token stands
 * @param spelled the tokens by the texts that they are looked for under
 */
export function cutAtTokens(
  pieces: readonly string[],
  spelled: ReadonlyMap<string, AddedToken>,
): Section[] {
  const text = pieces.join('');
  const sections: Section[] = [];
  let offset = 0;
  let end = 0;
  for (const piece of pieces) {
    const token = spelled.get(piece);
    let from = offset;
    offset += piece.length;
    if (!token) continue;
    let to = offset;
    if (token.single_word) {
      const before = text.slice(Math.max(0, from - 2), from); // a character has at most two units
      if (wordEnd.test(before) || wordStart.test(text.slice(to, to + 2))) continue;
    }
    if (token.lstrip) while (from > end && space.test(text[from - 1]!)) from--;
    if (token.rstrip) while (to < text.length && space.test(text[to]!)) to++;
    if (end < from) sections.push({ text: text.slice(end, from), token: null });
    sections.push({ text: piece, token });
    end = to;
  }
  if (end < text.length) sections.push({ text: text.slice(end), token: null });
  return sections;
}
