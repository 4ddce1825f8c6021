/** Where a head is in a model. */
export interface HeadPlace {
  readonly layer: number;
  readonly head: number;
}

/** How one head is shown. */
export interface HeadCell {
  /** 0 … 10, of the style sheet. */
  readonly shade: number;
  /** In words, what it holds. */
  readonly text: string;
}

/** From this many layers on the cells are low. */
const manyLayers = 13;

/** Where the style sheet puts layers across and heads down. */
const sideways = matchMedia('(max-width: 60rem)');

/** The heads of a model as a grid of buttons: layers down, heads across; on narrow pages the other way round. */
export class HeadMap {
  readonly #places: readonly HeadPlace[];
  readonly #cells: readonly HTMLButtonElement[];

  /**
   * @param places by layer, then head
   * @param onChoose is told the head's place in the list
   */
  constructor(
    container: HTMLElement,
    places: readonly HeadPlace[],
    onChoose: (index: number) => void,
  ) {
    this.#places = places;
    const layers = places.at(-1)!.layer + 1;
    const columns = Math.max(...places.map(({ head }) => head)) + 1;
    container.classList.add('head-map');
    container.classList.toggle('low', layers >= manyLayers);
    container.style.setProperty('--layers', String(layers));
    container.style.setProperty('--heads', String(columns));
    const label = (text: string, name: string, place: HeadPlace = { layer: 0, head: 0 }) => {
      const made = put(document.createElement('span'), text, place);
      made.className = name;
      container.append(made);
    };
    label('layer', 'layer-title');
    label('head', 'head-title');
    for (let head = 0; head < columns; head++) {
      label(String(head), 'head-number', { layer: 0, head });
    }
    for (let layer = 0; layer < layers; layer++) {
      label(String(layer), `layer-number${layer % 5 === 0 ? '' : ' minor'}`, { layer, head: 0 });
    }
    this.#cells = places.map((place, index) => {
      const cell = put(document.createElement('button'), '', place);
      cell.type = 'button';
      cell.tabIndex = index === 0 ? 0 : -1;
      cell.addEventListener('click', () => onChoose(index));
      cell.addEventListener('keydown', (event) => this.#move(event, index));
      return cell;
    });
    container.append(...this.#cells);
  }

  /** @param cells one per head */
  show(cells: readonly HeadCell[]): void {
    for (const [i, cell] of this.#cells.entries()) {
      const { layer, head } = this.#places[i]!;
      const { shade, text } = cells[i]!;
      cell.title = `layer ${layer}, head ${head}: ${text}`;
      cell.ariaLabel = cell.title;
      const holds = cell.classList.contains('holds');
      cell.className = `h${shade}${holds ? ' holds' : ''}`;
    }
  }

  choose(chosen: number | null): void {
    for (const [i, cell] of this.#cells.entries()) cell.ariaPressed = String(i === chosen);
  }

  /** Puts a dot on some heads. */
  mark(isMarked: (index: number) => boolean): void {
    for (const [i, cell] of this.#cells.entries()) cell.classList.toggle('holds', isMarked(i));
  }

  /** What is said of one head beside the map. */
  describe(index: number): string {
    return this.#cells[index]!.title;
  }

  #move(event: KeyboardEvent, from: number): void {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[
      event.key
    ];
    if (step === undefined) return;
    event.preventDefault();
    const { layer, head } = this.#places[from]!;
    const [down, across] = sideways.matches ? [step[1]!, step[0]!] : [step[0]!, step[1]!];
    const to = this.#places.findIndex(
      (at) => at.layer === layer + down && at.head === head + across,
    );
    if (to < 0) return;
    this.#cells[from]!.tabIndex = -1;
    this.#cells[to]!.tabIndex = 0;
    this.#cells[to]!.focus();
  }
}

function put<Type extends HTMLElement>(made: Type, text: string, place: HeadPlace): Type {
  made.textContent = text;
  made.style.setProperty('--layer', String(place.layer));
  made.style.setProperty('--head', String(place.head));
  return made;
}
