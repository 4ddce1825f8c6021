import { formatNumber } from '../../format-number.js';
import type { RetentionPageData } from '../../retention/retention-page-data.js';

/** Where the tokens of a frame are, and what it looks like. */
interface FilmFrame {
  readonly first: number;
  readonly tokens: number;
  readonly name: string;
  readonly figure: HTMLElement;
  readonly bar: HTMLElement;
  readonly caption: HTMLElement;
}

/** Frames of a video side by side, each with a bar of how much of it is held. */
export class FilmStrip {
  readonly #frames: readonly FilmFrame[];

  /** @param onChoose is told the first token of a frame that was clicked */
  constructor(
    container: HTMLElement,
    { parts, pictures }: RetentionPageData,
    onChoose: (token: number) => void,
  ) {
    const firsts: number[] = [];
    let first = 0;
    for (const { tokens } of parts) {
      firsts.push(first);
      first += tokens;
    }
    this.#frames = pictures.map(({ part, jpeg }) => {
      const { name, tokens } = parts[part]!;
      const figure = document.createElement('button');
      figure.type = 'button';
      figure.className = 'frame';
      const picture = document.createElement('img');
      picture.src = `data:image/jpeg;base64,${jpeg}`;
      picture.alt = '';
      const meter = document.createElement('span');
      meter.className = 'meter';
      const bar = document.createElement('i');
      meter.append(bar);
      const caption = document.createElement('span');
      figure.append(picture, meter, caption);
      figure.addEventListener('click', () => onChoose(firsts[part]!));
      return { first: firsts[part]!, tokens, name, figure, bar, caption };
    });
    container.classList.add('film-strip');
    container.append(...this.#frames.map(({ figure }) => figure));
  }

  /**
   * @param seen tokens seen so far
   * @param share how much of some tokens is held, from 0 to 1
   */
  show(seen: number, share: (first: number, tokens: number) => number): void {
    for (const { first, tokens, name, figure, bar, caption } of this.#frames) {
      const isSeen = first + tokens <= seen;
      const held = isSeen ? share(first, tokens) : 0;
      const text = isSeen ? formatNumber(held, 'percent') : 'not seen yet';
      bar.style.setProperty('--held', String(held));
      figure.style.setProperty('--held', String(held));
      figure.classList.toggle('unseen', !isSeen);
      caption.textContent = text;
      figure.title = `${name}: ${isSeen ? `${text} held` : text}`;
    }
  }
}
