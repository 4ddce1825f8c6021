/** A small box beside an element. */
export class Tip {
  readonly #box: HTMLElement;

  constructor(box: HTMLElement) {
    this.#box = box;
    addEventListener('scroll', () => this.hide(), { passive: true });
  }

  show(lines: readonly string[], beside: Element): void {
    this.#box.replaceChildren(
      ...lines.map((line) => {
        const row = document.createElement('div');
        row.textContent = line;
        return row;
      }),
    );
    this.#box.hidden = false;
    const { left, top, bottom } = beside.getClientRects()[0] ?? beside.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#box;
    const fitsBelow = bottom + 8 + height < innerHeight;
    this.#box.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    this.#box.style.top = `${fitsBelow ? bottom + 8 : Math.max(8, top - 8 - height)}px`;
  }

  hide(): void {
    this.#box.hidden = true;
  }
}
