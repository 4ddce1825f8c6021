/**
 * Looks for stop texts in a text that arrives in pieces, and releases what can no longer be part of one. Special tokens
 * take part in the search although they are not shown, since a stop text may be one.
 */
export class StopSearch {
  readonly #stop: readonly string[];
  /** Pieces that may yet turn out to be the beginning of a stop text. */
  #held: { readonly text: string; readonly isShown: boolean }[] = [];
  #isFound = false;

  /** @param stop texts to look for, none empty */
  constructor(stop: readonly string[]) {
    this.#stop = stop;
  }

  /** Whether a stop text was found; nothing is released after that. */
  get isFound(): boolean {
    return this.#isFound;
  }

  /**
   * Adds a piece.
   *
   * @param isShown false for the text of a special token
   * @returns text that can be shown, up to the first stop text
   */
  push(text: string, isShown = true): string {
    if (text === '' || this.#isFound) return '';
    this.#held.push({ text, isShown });
    const held = this.#held.map((piece) => piece.text).join('');
    const end = firstStop(held, this.#stop);
    if (end === null) return this.#give(held.length - possibleStop(held, this.#stop));
    this.#isFound = true;
    return this.#give(end);
  }

  /** The rest, if nothing follows. */
  end(): string {
    return this.#isFound ? '' : this.#give(Number.POSITIVE_INFINITY);
  }

  /** Gives out the first characters of what is held. */
  #give(length: number): string {
    let shown = '';
    let rest = length;
    while (rest > 0 && this.#held.length > 0) {
      const { text, isShown } = this.#held[0]!;
      if (isShown) shown += text.slice(0, rest);
      if (rest < text.length) this.#held[0] = { text: text.slice(rest), isShown };
      else this.#held.shift();
      rest -= text.length;
    }
    return shown;
  }
}

/**
 * Where the stop text begins that is complete first, of two that end together the longer one: what a search
 * character by character finds, so that nothing depends on how a text is cut into pieces.
 */
function firstStop(text: string, stop: readonly string[]): number | null {
  const found = stop
    .map((ending) => ({ start: text.indexOf(ending), length: ending.length }))
    .filter(({ start }) => start >= 0)
    .sort((a, b) => a.start + a.length - (b.start + b.length) || a.start - b.start);
  return found[0]?.start ?? null;
}

/** Length of the longest end of a text with which a stop text begins. */
function possibleStop(text: string, stop: readonly string[]): number {
  const longest = Math.max(0, ...stop.map((ending) => ending.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (stop.some((ending) => ending.startsWith(end))) return length;
  }
  return 0;
}
