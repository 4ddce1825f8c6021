// The script of a retention page.
import type { LineChart } from '../chart/line-chart.js';
import { formatNumber } from '../format-number.js';
import type { RetentionPageData } from '../retention/retention-page-data.js';
import { shadeOf, shadeSteps } from '../retention/shade-steps.js';
import { ChartView } from './chart-view.js';
import { find, pageData } from './page.js';
import { describeToken } from './retention/describe-token.js';
import { FilmStrip } from './retention/film-strip.js';
import { Retention } from './retention/retention.js';
import { TextView } from './retention/text-view.js';
import { type HeadCell, HeadMap } from './viewer/head-map.js';
import { Timeline } from './viewer/timeline.js';
import { Tip } from './viewer/tip.js';

/** The page: one update, perhaps one head, perhaps one token, and everything that shows them. */
class RetentionView {
  readonly #data: RetentionPageData;
  readonly #retention: Retention;
  readonly #text: TextView;
  readonly #map: HeadMap;
  readonly #film: FilmStrip | null;
  readonly #tip = new Tip(find('tip', HTMLDivElement));
  readonly #charts: readonly ChartView[];
  readonly #timeline: Timeline;
  /** From how many heads on a token is shaded how darkly. */
  readonly #steps: readonly number[];
  /** Null for all heads together. */
  #head: number | null = null;
  /** The token under the pointer, else the one that was marked. */
  #token: number | null = null;
  #marked: number | null = null;

  constructor(data: RetentionPageData, retention: Retention) {
    this.#data = data;
    this.#retention = retention;
    this.#steps = shadeSteps(retention.heads.length);
    this.#text = new TextView(find('text', HTMLDivElement), data);
    this.#map = new HeadMap(find('map', HTMLDivElement), retention.heads, (head) =>
      this.#chooseHead(head === this.#head ? null : head),
    );
    this.#film =
      data.pictures.length === 0
        ? null
        : new FilmStrip(find('film', HTMLDivElement), data, (token) =>
            this.#text.elementOf(token).scrollIntoView({ block: 'center' }),
          );
    this.#timeline = new Timeline(find('updates', HTMLDivElement), {
      steps: retention.updates,
      noun: 'update',
      onStep: (update) => this.#show(update),
    });
    this.#charts = [...document.querySelectorAll<HTMLElement>('[data-chart]')].map(
      (figure, i) =>
        new ChartView(figure, data.charts[i]!, (seen) =>
          this.#timeline.goTo(retention.seen.lastIndexOf(seen)),
        ),
    );
    find('all-heads', HTMLButtonElement).addEventListener('click', () => this.#chooseHead(null));
    this.#listenToText();
    this.#timeline.goTo(retention.updates - 1);
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

  #chooseHead(head: number | null): void {
    this.#head = head;
    const [kept, ...others] = this.#data.charts;
    const chart = head === null ? kept! : this.#withHead(kept!, head);
    for (const [i, shown] of [chart, ...others].entries()) this.#charts[i]!.show(shown);
    find('all-heads-legend', HTMLParagraphElement).hidden = head !== null;
    find('one-head-legend', HTMLParagraphElement).hidden = head === null;
    find('all-heads', HTMLButtonElement).hidden = head === null;
    this.#map.choose(head);
    this.#timeline.goTo(this.#timeline.step);
  }

  #point(token: number | null): void {
    this.#token = token;
    this.#showToken(this.#timeline.step);
  }

  /** Marks a token so that it stays; a second time, or none, takes the mark away. */
  #markToken(token: number | null): void {
    this.#marked = token === this.#marked ? null : token;
    this.#point(this.#marked);
  }

  /** @returns the update in words */
  #show(update: number): string {
    const [retention, head] = [this.#retention, this.#head];
    const seen = retention.seen[update]!;
    const counts = retention.counts(update);
    const most = counts.reduce((a, b) => Math.max(a, b), 0);
    this.#text.shade(this.#shades(update));
    this.#film?.show(seen, (first, tokens) => this.#share(first, tokens, update));
    this.#map.show(Array.from(counts, (count) => cellOf(count, most, seen)));
    for (const chart of this.#charts) chart.cursor = seen;
    find('most', HTMLSpanElement).textContent = `${formatNumber(most)} tokens`;
    find('head-state', HTMLParagraphElement).textContent =
      head === null
        ? 'Click a head to see its tokens alone.'
        : `Shown: ${this.#map.describe(head)}.`;
    this.#showToken(update);
    const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
    const kept = `a mean of ${formatNumber(mean)} kept per head (${formatNumber(mean / seen, 'percent')})`;
    return `update ${update + 1} of ${retention.updates}: ${formatNumber(seen)} tokens seen, ${kept}`;
  }

  #showToken(update: number): void {
    const [retention, token] = [this.#retention, this.#token];
    this.#text.mark(token);
    this.#map.mark((head) => token !== null && retention.holds(head, token, update));
    if (token === null) this.#tip.hide();
    else {
      const lines = describeToken(retention, this.#data, token, this.#head, update);
      this.#tip.show(lines, this.#text.elementOf(token));
    }
  }

  #shades(update: number): number[] {
    const [retention, head] = [this.#retention, this.#head];
    if (head === null) {
      return Array.from(retention.holders(update), (count) => shadeOf(count, this.#steps));
    }
    return Array.from({ length: retention.seen[update]! }, (_, token) =>
      retention.holds(head, token, update) ? 10 : 0,
    );
  }

  /** How much of some tokens is held, by the head that is shown or by all together. */
  #share(first: number, tokens: number, update: number): number {
    const all = this.#retention.heads.map((_, head) => head);
    const heads = this.#head === null ? all : [this.#head];
    let held = 0;
    for (const head of heads) {
      for (let token = first; token < first + tokens; token++) {
        if (this.#retention.holds(head, token, update)) held++;
      }
    }
    return held / (tokens * heads.length);
  }

  #withHead(chart: LineChart, index: number): LineChart {
    const { layer, head } = this.#retention.heads[index]!;
    const x = this.#data.seen;
    const y = x.map((_, update) => this.#retention.counts(update)[index]!);
    return { ...chart, series: [...chart.series, { name: `layer ${layer} head ${head}`, x, y }] };
  }
}

/** A head of the map: the one that holds most is darkest. */
function cellOf(count: number, most: number, seen: number): HeadCell {
  const share = formatNumber(count / seen, 'percent');
  return {
    shade: count === 0 ? 0 : Math.max(1, Math.floor((10 * count) / most)),
    text: `${formatNumber(count)} of ${formatNumber(seen)} tokens, ${share}`,
  };
}

const data = pageData<RetentionPageData>();
Retention.unpack(data).then((retention) => new RetentionView(data, retention));
