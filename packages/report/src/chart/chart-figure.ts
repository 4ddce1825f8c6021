import { element, type PageElement } from '../element.js';
import { formatNumber } from '../format-number.js';
import { drawLineChart, seriesLooks } from './draw-line-chart.js';
import type { LineChart, Series } from './line-chart.js';

/** What is drawn before the page knows its own width, and where scripts do not run. */
const firstWidth = 640;

/**
 * A chart with its title, legend and key figures. The page's script finds it by its number, draws it again
 * at its real width, and shows values under the pointer.
 */
export function chartFigure(chart: LineChart, number: number): PageElement {
  const { title, description, series } = chart;
  return element(
    'figure',
    { class: 'chart-figure', 'data-chart': number },
    element('figcaption', {}, title),
    ...(description === undefined ? [] : [element('p', { class: 'description' }, description)]),
    element('ul', { class: 'legend' }, ...legendEntries(series)),
    element(
      'div',
      {
        class: 'plot',
        tabindex: 0,
        role: 'img',
        'aria-label': `${title}: ${series.map((one) => summaryOf(one, chart)).join('; ')}`,
      },
      drawLineChart(chart, firstWidth),
    ),
    element('p', { class: 'readout' }),
  );
}

/** The lines of a legend: names beside pieces of their curves. */
export function legendEntries(series: readonly Series[]): PageElement[] {
  const looks = seriesLooks(series);
  return series.map((one, i) => {
    const { name, marker } = looks[i]!;
    return element(
      'li',
      {},
      element(
        'svg',
        { class: name, width: 24, height: 10, 'aria-hidden': 'true' },
        element('path', { class: 'line', d: 'M1 5L23 5' }),
        ...(marker === null
          ? []
          : [element('path', { class: 'marker', d: marker, transform: 'translate(12 5)' })]),
      ),
      element('span', {}, one.name),
    );
  });
}

function summaryOf({ name, y }: Series, { yFormat }: LineChart): string {
  const values = Array.from(y).filter(Number.isFinite);
  if (values.length === 0) return `${name}, no numbers`;
  const [first, last] = [values[0]!, values.at(-1)!];
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const write = (value: number) => formatNumber(value, yFormat);
  return `${name} from ${write(first)} to ${write(last)}, between ${write(low)} and ${write(high)}`;
}
