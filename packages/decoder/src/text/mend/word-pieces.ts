/** What `tokenizer.json` says of a WordPiece model. */
interface WordPieceModel {
  readonly vocab: Readonly<Record<string, number>>;
  readonly unk_token?: string;
  readonly continuing_subword_prefix?: string;
  readonly max_input_chars_per_word?: number;
}

/**
 * Cuts words into the longest pieces from the left (Schuster & Nakajima 2012), by the model's own vocabulary: the library
 * takes added tokens for pieces of words, too.
 */
export class WordPieces {
  readonly #pieces: ReadonlySet<string>;
  readonly #unknown: string;
  readonly #prefix: string;
  readonly #longestWord: number;

  constructor(model: WordPieceModel) {
    this.#pieces = new Set(Object.keys(model.vocab));
    this.#unknown = model.unk_token ?? '[UNK]';
    this.#prefix = model.continuing_subword_prefix ?? '##';
    this.#longestWord = model.max_input_chars_per_word ?? 100;
  }

  /** The pieces of a word, or the unknown token. */
  encode(word: string): string[] {
    const characters = Array.from(word);
    if (characters.length > this.#longestWord) return [this.#unknown];
    const tokens: string[] = [];
    for (let start = 0, end = characters.length; start < characters.length; ) {
      if (end === start) return [this.#unknown];
      const token = (start > 0 ? this.#prefix : '') + characters.slice(start, end).join('');
      if (this.#pieces.has(token)) {
        tokens.push(token);
        [start, end] = [end, characters.length];
      } else end--;
    }
    return tokens;
  }
}
