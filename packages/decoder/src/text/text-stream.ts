/** How ids become text; what {@link TextStream} needs of a tokenizer. */
export interface StreamSource {
  decode(ids: readonly number[]): string;
  /** Whether decoding leaves an id out: a special token, or none of the vocabulary. */
  isSilent(id: number): boolean;
  /** Whether an id stands for one byte: what follows decides what the bytes before it decode to. */
  isByte(id: number): boolean;
  /** Whether decoding tidies up spaces before punctuation, which changes text already decoded. */
  readonly tidiesSpaces: boolean;
}

/** Ids decoded again at each step before the older ones are let go. */
const longestWindow = 48;
/** Ids kept then as context: the first token of a text may be decoded unlike a later one. */
const contextLength = 16;

/** How much of a text can no longer change when more ids follow. */
function settledLength(text: string, tidiesSpaces: boolean): number {
  // The bytes of an unfinished character decode to replacement characters.
  const finished = text.replace(/\ufffd+$/, '');
  // The longest thing tidied up is " 've": what follows the last spaces may still be joined to what
  // stands before them.
  return tidiesSpaces ? finished.replace(/ ?[^ ]* ?$/, '').length : finished.length;
}

/**
 * Turns ids into text one by one. The concatenated pieces are the decoded text. No piece ends within a character, so
 * each can be shown at once.
 *
 * @example
 * ```ts
 * const stream = tokenizer.stream();
 * for (const id of ids) process.stdout.write(stream.push(id));
 * process.stdout.write(stream.end());
 * ```
 */
export class TextStream {
  readonly #source: StreamSource;
  #window: number[] = [];
  /** How much of the window's text was given out. */
  #given = 0;

  constructor(source: StreamSource) {
    this.#source = source;
  }

  /** The text that this id completes; often none, if a character needs more ids. */
  push(id: number): string {
    if (this.#source.isSilent(id)) return '';
    this.#window.push(id);
    const text = this.#source.decode(this.#window);
    const settled = Math.max(this.#given, this.#settledLength(text));
    const piece = text.slice(this.#given, settled);
    this.#given = settled;
    if (this.#window.length >= longestWindow) this.#slide(text.slice(settled));
    return piece;
  }

  #settledLength(text: string): number {
    const { tidiesSpaces } = this.#source;
    const end = this.#window.findLastIndex((id) => !this.#source.isByte(id)) + 1;
    if (end === this.#window.length) return settledLength(text, tidiesSpaces);
    return settledLength(this.#source.decode(this.#window.slice(0, end)), tidiesSpaces);
  }

  /** What is held back only because spaces might be tidied up, when something else follows it. */
  settle(): string {
    const text = this.#source.decode(this.#window);
    const piece = text.replace(/\ufffd+$/, '').slice(this.#given);
    this.#given += piece.length;
    return piece;
  }

  /** The rest, when no more ids follow. The stream can then be used for another text. */
  end(): string {
    const rest = this.#source.decode(this.#window).slice(this.#given);
    this.#window = [];
    this.#given = 0;
    return rest;
  }

  /** Lets go of all ids but the last few. @param held the end of the text, which was not given out */
  #slide(held: string): void {
    const context = this.#window.slice(-contextLength);
    const text = this.#source.decode(context);
    if (text.length === held.length || !text.endsWith(held)) return; // cut somewhere else next time
    this.#window = context;
    this.#given = text.length - held.length;
  }
}
