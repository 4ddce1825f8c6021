import { formatNumber } from '../../format-number.js';
import type { Retention } from '../retention/retention.js';

/** Pixels of one kind of rows. */
const lane = 6;

/** For each head a strip: the steps from left to right, one lane for each kind of row. */
export class HeadStrips {
  readonly #retention: Retention;
  readonly #kinds: number;
  readonly #strips: readonly { readonly canvas: HTMLCanvasElement; readonly count: HTMLElement }[];
  #step = 0;

  /** @param onPick is told the step that was clicked, from 0 on */
  constructor(
    container: HTMLElement,
    retention: Retention,
    kinds: readonly string[],
    onPick: (step: number) => void,
  ) {
    this.#retention = retention;
    this.#kinds = kinds.length;
    this.#strips = retention.heads.map(({ layer, head }) => {
      const name = document.createElement('span');
      name.textContent = `layer ${layer}, head ${head}`;
      const count = document.createElement('span');
      count.className = 'count';
      const canvas = document.createElement('canvas');
      canvas.role = 'img';
      canvas.addEventListener('click', ({ offsetX }) => {
        const share = offsetX / canvas.clientWidth;
        onPick(Math.min(retention.updates - 1, Math.floor(share * retention.updates)));
      });
      const strip = document.createElement('div');
      strip.className = 'strip';
      strip.append(name, count, canvas);
      container.append(strip);
      return { canvas, count };
    });
    const again = () => this.show(this.#step);
    new ResizeObserver(again).observe(container);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  }

  /** @returns rows held per head, the mean */
  show(step: number): number {
    this.#step = step;
    const counts = this.#retention.counts(step);
    for (const [head, { canvas, count }] of this.#strips.entries()) {
      count.textContent = `${formatNumber(counts[head]!)} rows`;
      canvas.ariaLabel = `${this.#heldSteps(head, step)} steps of ${step + 1} held in part or whole`;
      this.#draw(canvas, head, step);
    }
    return counts.reduce((sum, count) => sum + count, 0) / counts.length;
  }

  #heldSteps(head: number, step: number): number {
    let held = 0;
    for (let at = 0; at <= step; at++) {
      const tokens = Array.from({ length: this.#kinds }, (_, kind) => at * this.#kinds + kind);
      if (tokens.some((token) => this.#retention.holds(head, token, step))) held++;
    }
    return held;
  }

  #draw(canvas: HTMLCanvasElement, head: number, step: number): void {
    const { updates } = this.#retention;
    const width = canvas.clientWidth;
    const scale = devicePixelRatio;
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.round(this.#kinds * lane * scale);
    const paint = canvas.getContext('2d')!;
    paint.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const colour = (name: string) => style.getPropertyValue(name);
    const size = width / updates;
    paint.fillStyle = colour('--rule');
    paint.fillRect(0, 0, (step + 1) * size, this.#kinds * lane);
    paint.fillStyle = colour('--shade');
    const seen = this.#retention.seen[step]!;
    for (let token = 0; token < seen; token++) {
      if (!this.#retention.holds(head, token, step)) continue;
      const x = Math.floor(token / this.#kinds) * size;
      // A step is seen however many there are.
      paint.fillRect(x, (token % this.#kinds) * lane, Math.max(2, size), lane - 1);
    }
    paint.fillStyle = colour('--mark');
    paint.fillRect(Math.min(width - 2, step * size), 0, 2, this.#kinds * lane);
  }
}
