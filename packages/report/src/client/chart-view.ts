import { legendEntries } from '../chart/chart-figure.js';
import { drawLineChart } from '../chart/draw-line-chart.js';
import type { LineChart } from '../chart/line-chart.js';
import { type ChartPlan, planLineChart } from '../chart/plan-line-chart.js';
import { element } from '../element.js';
import { formatNumber } from '../format-number.js';
import { toDom } from './page.js';

/** Keeps a chart as wide as its place, and shows the values under the pointer or the arrow keys. */
export class ChartView {
  readonly #figure: HTMLElement;
  readonly #plot: HTMLElement;
  #chart: LineChart;
  #plan: ChartPlan | null = null;
  /** Where the page stands, if its charts follow something. */
  #cursor: number | null = null;
  /** Where the reader points. */
  #pointed: number | null = null;

  /** @param onPick is told the x that was clicked */
  constructor(figure: HTMLElement, chart: LineChart, onPick?: (x: number) => void) {
    this.#figure = figure;
    this.#chart = chart;
    this.#plot = figure.querySelector<HTMLElement>('.plot')!;
    const point = (x: number | null) => {
      this.#pointed = x;
      this.#mark();
    };
    this.#plot.addEventListener('pointermove', (event) => point(this.#xUnder(event)));
    this.#plot.addEventListener('pointerleave', () => point(null));
    this.#plot.addEventListener('blur', () => point(null));
    this.#plot.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      point(this.#neighbour(step));
      if (this.#pointed !== null) onPick?.(this.#pointed);
    });
    this.#plot.addEventListener('click', (event) => {
      const x = this.#xUnder(event);
      if (x !== null) onPick?.(x);
    });
    let width = 0;
    new ResizeObserver(() => {
      if (this.#plot.clientWidth === width) return;
      width = this.#plot.clientWidth;
      this.#draw();
    }).observe(this.#plot);
  }

  /** Shows other curves in its place. */
  show(chart: LineChart): void {
    this.#chart = chart;
    const entries = legendEntries(chart.series).map((entry) => toDom(entry));
    this.#figure.querySelector('.legend')!.replaceChildren(...entries);
    this.#draw();
  }

  set cursor(x: number | null) {
    this.#cursor = x;
    this.#mark();
  }

  #draw(): void {
    const width = Math.max(240, this.#plot.clientWidth);
    this.#plan = planLineChart(this.#chart, width);
    this.#plot.replaceChildren(toDom(drawLineChart(this.#chart, width)));
    this.#mark();
  }

  #mark(): void {
    this.#plot.querySelectorAll('.mark').forEach((mark) => {
      mark.remove();
    });
    const marks = { cursor: this.#cursor, pointed: this.#pointed };
    for (const [name, x] of Object.entries(marks)) {
      if (x === null || this.#plan === null) continue;
      const { left, top, bottom, x: scale } = this.#plan;
      const at = left + scale.toPixels(x);
      const line = element('line', { class: `mark ${name}`, x1: at, x2: at, y1: top, y2: bottom });
      this.#plot.querySelector('svg')!.append(toDom(line, true));
    }
    const x = this.#pointed ?? this.#cursor;
    const readout = this.#figure.querySelector('.readout')!;
    readout.ariaLive = this.#pointed === null ? 'off' : 'polite';
    readout.textContent = x === null ? '' : readPoint(this.#chart, x);
  }

  /** The x of the point nearest to the pointer. */
  #xUnder(event: MouseEvent): number | null {
    if (this.#plan === null) return null;
    const { left, x: scale } = this.#plan;
    const wanted = scale.toValue(event.clientX - this.#plot.getBoundingClientRect().left - left);
    let nearest: number | null = null;
    for (const x of this.#xs()) {
      if (nearest === null || Math.abs(x - wanted) < Math.abs(nearest - wanted)) nearest = x;
    }
    return nearest;
  }

  #neighbour(step: number): number | null {
    const xs = [...new Set(this.#xs())].sort((a, b) => a - b);
    const from = this.#pointed ?? this.#cursor;
    if (from === null) return xs[step > 0 ? 0 : xs.length - 1] ?? null;
    return xs[Math.min(xs.length - 1, Math.max(0, xs.indexOf(from) + step))] ?? null;
  }

  *#xs(): Generator<number> {
    for (const { x } of this.#chart.series) yield* Array.from(x);
  }
}

/** In words, what the curves that have a point at this x say there. */
function readPoint({ series, xLabel, yFormat }: LineChart, x: number): string {
  const write = (value: number) => formatNumber(value, yFormat);
  const values: string[] = [];
  for (const { name, x: xs, y, lower, upper } of series) {
    const i = Array.prototype.lastIndexOf.call(xs, x); // of several the last: how it ended
    if (i < 0 || !Number.isFinite(y[i])) continue;
    const interval = lower && upper ? ` (${write(lower[i]!)} to ${write(upper[i]!)})` : '';
    values.push(`${name}: ${write(y[i]!)}${interval}`);
  }
  return [`${xLabel} ${formatNumber(x)}`, ...values].join(' · ');
}
