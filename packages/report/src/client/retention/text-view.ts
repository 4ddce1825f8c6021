/** The tokens, each in an element of its own that is shaded. */
export class TextView {
  readonly #tokens: readonly HTMLElement[];
  readonly #numbers = new Map<Node, number>();
  /** What each token's class was, so that only changes touch the page. */
  readonly #shown: string[];
  #current: number | null = null;

  /** @param isText whether the pieces make up a text, or are names to be set apart */
  constructor(container: HTMLElement, pieces: readonly string[], isText: boolean) {
    this.#shown = pieces.map(() => '');
    this.#tokens = pieces.map((piece, token) => {
      const span = document.createElement('span');
      span.textContent = piece;
      if (piece === '') span.dataset.sign = '·'; // part of a character that a later token completes
      if (piece.includes('\n')) span.dataset.sign = '↵';
      this.#numbers.set(span, token);
      return span;
    });
    container.classList.toggle('names', !isText);
    container.replaceChildren(...this.#tokens.flatMap((span) => (isText ? [span] : [span, ' '])));
  }

  /** The token that an event of the page is about. */
  tokenOf(target: EventTarget | null): number | null {
    return (target instanceof Node ? this.#numbers.get(target) : undefined) ?? null;
  }

  elementOf(token: number): HTMLElement {
    return this.#tokens[token]!;
  }

  /** @param levels shade of each token seen, `[seen]` */
  shade(levels: ArrayLike<number>): void {
    for (const [token, span] of this.#tokens.entries()) {
      const name = token < levels.length ? `h${levels[token]}` : 'unseen';
      if (this.#shown[token] === name) continue;
      this.#shown[token] = name;
      span.className = token === this.#current ? `${name} current` : name;
    }
  }

  mark(token: number | null): void {
    if (this.#current !== null) this.#tokens[this.#current]!.classList.remove('current');
    this.#current = token;
    if (token !== null) this.#tokens[token]!.classList.add('current');
  }
}
