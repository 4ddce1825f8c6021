import type { LineChart } from '../../chart/line-chart.js';
import { formatNumber } from '../../format-number.js';
import type { RetentionPageData } from '../../retention/retention-page-data.js';
import { ChartView } from '../chart-view.js';
import { find } from '../find.js';
import { describeToken } from './describe-token.js';
import { levelOf } from './level.js';
import { MapView } from './map-view.js';
import { Player } from './player.js';
import type { Retention } from './retention.js';
import { TextView } from './text-view.js';
import { Tip } from './tip.js';

/** The page: one update, perhaps one head, perhaps one token, and everything that shows them. */
export class RetentionView {
  readonly #data: RetentionPageData;
  readonly #retention: Retention;
  readonly #text: TextView;
  readonly #map: MapView;
  readonly #tip = new Tip(find('tip', HTMLDivElement));
  readonly #charts: readonly ChartView[];
  readonly #slider = find('update', HTMLInputElement);
  readonly #player: Player;
  #update: number;
  /** Null for all heads together. */
  #head: number | null = null;
  /** The token under the pointer, else the one that was marked. */
  #token: number | null = null;
  #marked: number | null = null;

  constructor(data: RetentionPageData, retention: Retention) {
    this.#data = data;
    this.#retention = retention;
    this.#update = retention.updates - 1;
    this.#text = new TextView(find('text', HTMLDivElement), data.pieces, data.isText);
    this.#map = new MapView(find('map', HTMLDivElement), retention, (head) =>
      this.#chooseHead(head === this.#head ? null : head),
    );
    this.#charts = [...document.querySelectorAll<HTMLElement>('[data-chart]')].map(
      (figure, i) => new ChartView(figure, data.charts[i]!, (x) => this.#goTo(this.#updateAt(x))),
    );
    this.#player = new Player(
      retention.updates,
      () => {
        this.#goTo(this.#update + 1);
        return this.#update < retention.updates - 1;
      },
      (isPlaying) => this.#showPlaying(isPlaying),
    );
    this.#listenToControls();
    this.#listenToText();
    this.#show();
  }

  #listenToControls(): void {
    const play = () => {
      if (this.#player.isPlaying) return this.#player.stop();
      if (this.#update === this.#retention.updates - 1) this.#goTo(0);
      this.#player.start();
    };
    const step = (by: number) => () => {
      this.#player.stop();
      this.#goTo(this.#update + by);
    };
    find('previous', HTMLButtonElement).addEventListener('click', step(-1));
    find('next', HTMLButtonElement).addEventListener('click', step(1));
    find('play', HTMLButtonElement).addEventListener('click', play);
    find('all-heads', HTMLButtonElement).addEventListener('click', () => this.#chooseHead(null));
    this.#slider.addEventListener('input', () => {
      this.#player.stop();
      this.#goTo(Number(this.#slider.value) - 1);
    });
    this.#slider.addEventListener('keydown', (event) => {
      if (event.key !== ' ') return;
      event.preventDefault();
      play();
    });
  }

  #listenToText(): void {
    const text = find('text', HTMLDivElement);
    text.addEventListener('pointerover', (event) => {
      const token = this.#text.tokenOf(event.target);
      if (token !== null) this.#point(token);
    });
    text.addEventListener('pointerleave', () => this.#point(this.#marked));
    text.addEventListener('click', (event) => this.#markToken(this.#text.tokenOf(event.target)));
    text.addEventListener('blur', () => this.#point(this.#marked));
    text.addEventListener('keydown', (event) => {
      const { tokens } = this.#retention;
      const from = this.#token ?? -1;
      const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: tokens - 1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        this.#point(Math.min(tokens - 1, Math.max(0, to)));
        this.#text.elementOf(this.#token!).scrollIntoView({ block: 'nearest' });
      } else if (event.key === 'Enter') this.#markToken(this.#token);
      else if (event.key === 'Escape') this.#markToken(null);
    });
  }

  #goTo(update: number): void {
    this.#update = Math.min(this.#retention.updates - 1, Math.max(0, update));
    this.#show();
  }

  #chooseHead(head: number | null): void {
    this.#head = head;
    const [kept, ...others] = this.#data.charts;
    const chart = head === null ? kept! : this.#withHead(kept!, head);
    for (const [i, shown] of [chart, ...others].entries()) this.#charts[i]!.show(shown);
    this.#show();
  }

  #point(token: number | null): void {
    this.#token = token;
    this.#showToken();
  }

  /** Marks a token so that it stays; a second time, or none, takes the mark away. */
  #markToken(token: number | null): void {
    this.#marked = token === this.#marked ? null : token;
    this.#point(this.#marked);
  }

  #show(): void {
    const [retention, update, head] = [this.#retention, this.#update, this.#head];
    const seen = retention.seen[update]!;
    this.#text.shade(this.#levels());
    this.#map.show(update);
    this.#map.choose(head);
    for (const chart of this.#charts) chart.cursor = seen;

    const counts = retention.counts(update);
    const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
    const share = formatNumber(mean / seen, 'percent');
    const kept = `a mean of ${formatNumber(mean)} kept per head (${share})`;
    const state = `update ${update + 1} of ${retention.updates}: ${formatNumber(seen)} tokens seen, ${kept}`;
    find('state', HTMLOutputElement).textContent = state;
    this.#slider.value = String(update + 1);
    this.#slider.ariaValueText = state;
    const most = counts.reduce((a, b) => Math.max(a, b), 0);
    find('most', HTMLSpanElement).textContent = `${formatNumber(most)} tokens`;
    find('low', HTMLSpanElement).textContent = head === null ? 'held by no head' : 'evicted';
    const all = retention.heads.length === 1 ? 'held' : `by all ${retention.heads.length} heads`;
    find('high', HTMLSpanElement).textContent = head === null ? all : 'held';
    find('head-state', HTMLParagraphElement).textContent =
      head === null ? 'Choose a head to see its tokens.' : `Shown: ${this.#map.describe(head)}.`;
    find('all-heads', HTMLButtonElement).hidden = head === null;
    this.#showToken();
  }

  #showToken(): void {
    const [retention, token, update] = [this.#retention, this.#token, this.#update];
    this.#text.mark(token);
    this.#map.mark(token, update);
    if (token === null) this.#tip.hide();
    else {
      const lines = describeToken(retention, this.#data, token, this.#head, update);
      this.#tip.show(lines, this.#text.elementOf(token));
    }
  }

  #showPlaying(isPlaying: boolean): void {
    const button = find('play', HTMLButtonElement);
    button.textContent = isPlaying ? '❚❚' : '▶';
    button.ariaLabel = isPlaying ? 'pause' : 'play the updates';
    button.title = button.ariaLabel;
    find('state', HTMLOutputElement).ariaLive = isPlaying ? 'off' : 'polite';
  }

  #levels(): number[] {
    const [retention, update, head] = [this.#retention, this.#update, this.#head];
    if (head === null) {
      const whole = retention.heads.length;
      return Array.from(retention.holders(update), (count) => levelOf(count, whole));
    }
    return Array.from({ length: retention.seen[update]! }, (_, token) =>
      retention.holds(head, token, update) ? 10 : 0,
    );
  }

  /** The last update at which this many tokens were seen. */
  #updateAt(seen: number): number {
    return this.#retention.seen.lastIndexOf(seen);
  }

  #withHead(chart: LineChart, index: number): LineChart {
    const { layer, head } = this.#retention.heads[index]!;
    const x = this.#data.seen;
    const y = x.map((_, update) => this.#retention.counts(update)[index]!);
    return { ...chart, series: [...chart.series, { name: `layer ${layer} head ${head}`, x, y }] };
  }
}
