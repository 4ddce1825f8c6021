import type { RetentionPageData } from '../../retention/retention-page-data.js';

/** The tokens, each in an element of its own that is shaded, part by part. */
export class TextView {
  readonly #tokens: readonly HTMLElement[];
  readonly #numbers = new Map<Node, number>();
  /** What each token's class was, so that only changes touch the page. */
  readonly #shown: string[];
  #current: number | null = null;

  constructor(container: HTMLElement, { pieces, isText, parts, pictures }: RetentionPageData) {
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
    let start = 0;
    const pictured = new Set(pictures.map(({ part }) => part));
    for (const [i, { name, tokens }] of parts.entries()) {
      const own = this.#tokens.slice(start, start + tokens);
      start += tokens;
      const part = drawPart(name, isText ? own : own.flatMap((span) => [span, ' ']));
      // What stands for a piece of a picture is a sign that not every font has: it gets an edge.
      part.classList.toggle('pictured', pictured.has(i));
      container.append(part);
    }
  }

  /** The token that an event of the page is about. */
  tokenOf(target: EventTarget | null): number | null {
    return (target instanceof Node ? this.#numbers.get(target) : undefined) ?? null;
  }

  elementOf(token: number): HTMLElement {
    return this.#tokens[token]!;
  }

  /** @param shades of each token seen, `[seen]` */
  shade(shades: ArrayLike<number>): void {
    for (const [token, span] of this.#tokens.entries()) {
      const name = token < shades.length ? `h${shades[token]}` : 'unseen';
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

/** @param name empty for a text that has no parts */
function drawPart(name: string, tokens: readonly (Node | string)[]): HTMLElement {
  const part = document.createElement('section');
  part.className = name === '' ? 'part' : 'part named';
  if (name !== '') {
    const title = document.createElement('h3');
    title.textContent = name;
    part.append(title);
  }
  const text = document.createElement('div');
  text.className = 'tokens';
  text.append(...tokens);
  part.append(text);
  return part;
}
