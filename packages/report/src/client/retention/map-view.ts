import { formatNumber } from '../../format-number.js';
import { levelOf } from './level.js';
import type { Retention } from './retention.js';

/** From this many layers on the cells are low. */
const manyLayers = 13;

/** Where the style sheet puts layers across and heads down. */
const turned = matchMedia('(max-width: 60rem)');

/** The heads as a grid of buttons: layers down, heads across; on narrow pages the other way round. */
export class MapView {
  readonly #retention: Retention;
  readonly #cells: readonly HTMLButtonElement[];

  /** @param onChoose is told the head, numbered through all layers */
  constructor(container: HTMLElement, retention: Retention, onChoose: (head: number) => void) {
    this.#retention = retention;
    const { heads } = retention;
    const layers = heads.at(-1)!.layer + 1;
    const columns = Math.max(...heads.map(({ head }) => head)) + 1;
    container.classList.toggle('low', layers >= manyLayers);
    container.style.setProperty('--layers', String(layers));
    container.style.setProperty('--heads', String(columns));
    const label = (text: string, layer: number, head: number, name: string) => {
      const made = place(document.createElement('span'), text, layer, head);
      made.className = name;
      container.append(made);
    };
    label('layer', -1, -1, 'corner');
    for (let head = 0; head < columns; head++) label(String(head), -1, head, '');
    for (let layer = 0; layer < layers; layer++) {
      label(String(layer), layer, -1, layer % 5 === 0 ? '' : 'minor');
    }
    this.#cells = heads.map(({ layer, head }, index) => {
      const cell = place(document.createElement('button'), '', layer, head);
      cell.type = 'button';
      cell.tabIndex = index === 0 ? 0 : -1;
      cell.addEventListener('click', () => onChoose(index));
      cell.addEventListener('keydown', (event) => this.#move(event, index));
      return cell;
    });
    container.append(...this.#cells);
  }

  show(update: number): void {
    const { heads, seen } = this.#retention;
    const counts = this.#retention.counts(update);
    const most = counts.reduce((a, b) => Math.max(a, b), 1);
    for (const [i, cell] of this.#cells.entries()) {
      const { layer, head } = heads[i]!;
      const share = formatNumber(counts[i]! / seen[update]!, 'percent');
      const kept = `${formatNumber(counts[i]!)} of ${formatNumber(seen[update]!)} tokens, ${share}`;
      cell.title = `layer ${layer}, head ${head}: ${kept}`;
      cell.ariaLabel = cell.title;
      cell.className = `h${levelOf(counts[i]!, most)}`;
    }
  }

  choose(chosen: number | null): void {
    for (const [i, cell] of this.#cells.entries()) cell.ariaPressed = String(i === chosen);
  }

  /** Puts a dot on the heads that hold a token. */
  mark(token: number | null, update: number): void {
    for (const [i, cell] of this.#cells.entries()) {
      cell.classList.toggle('holds', token !== null && this.#retention.holds(i, token, update));
    }
  }

  /** What is said of one head beside the map. */
  describe(head: number): string {
    return this.#cells[head]!.title;
  }

  #move(event: KeyboardEvent, from: number): void {
    const { heads } = this.#retention;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[
      event.key
    ];
    if (step === undefined) return;
    event.preventDefault();
    const { layer, head } = heads[from]!;
    const [down, across] = turned.matches ? [step[1]!, step[0]!] : [step[0]!, step[1]!];
    const to = heads.findIndex((at) => at.layer === layer + down && at.head === head + across);
    if (to < 0) return;
    this.#cells[from]!.tabIndex = -1;
    this.#cells[to]!.tabIndex = 0;
    this.#cells[to]!.focus();
  }
}

function place<Type extends HTMLElement>(
  made: Type,
  text: string,
  layer: number,
  head: number,
): Type {
  made.textContent = text;
  made.style.setProperty('--layer', String(layer + 2));
  made.style.setProperty('--head', String(head + 2));
  return made;
}
