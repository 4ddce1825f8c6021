import { element, type PageElement } from '../element.js';
import { formatNumber } from '../format-number.js';
import type { LineChart, Series } from './line-chart.js';
import { type ChartPlan, planLineChart } from './plan-line-chart.js';
import { thinPoints } from './thin-points.js';

/** With this many points or fewer, each is marked. */
const mostMarkers = 30;

/** Colours of the style sheet; further series take them again, dotted. */
const colours = 8;

/** Colour and dash pattern of each series, as classes of the style sheet. */
export function seriesClasses(series: readonly Series[]): string[] {
  let solid = 0;
  return series.map(({ dashed }) => {
    if (dashed) return 'series reference';
    const index = solid++;
    return `series series-${index % colours}${index < colours ? '' : ' dotted'}`;
  });
}

/** Draws a chart as SVG, without title and legend. */
export function drawLineChart(chart: LineChart, width: number): PageElement {
  const plan = planLineChart(chart, width);
  if (plan === null) return element('p', { class: 'no-data' }, 'There are no numbers to show.');
  const { height } = plan;
  const classes = seriesClasses(chart.series);
  return element(
    'svg',
    { class: 'chart', width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
    ...drawAxes(chart, plan),
    ...chart.series.map((series, i) => drawBand(chart, series, classes[i]!, plan)),
    ...chart.series.map((series, i) => drawLine(chart, series, classes[i]!, plan)),
  );
}

function drawAxes(chart: LineChart, plan: ChartPlan): PageElement[] {
  const { left, right, top, bottom, x, y } = plan;
  const ticks: PageElement[] = [];
  for (const tick of y.ticks) {
    const at = fixed(bottom - y.toPixels(tick));
    ticks.push(
      element('line', { class: 'grid', x1: left, x2: right, y1: at, y2: at }),
      element(
        'text',
        { x: left - 6, y: at, dy: '0.32em', 'text-anchor': 'end' },
        formatNumber(tick, chart.yFormat),
      ),
    );
  }
  for (const tick of x.ticks) {
    const at = fixed(left + x.toPixels(tick));
    ticks.push(
      element('line', { class: 'tick', x1: at, x2: at, y1: bottom, y2: bottom + 5 }),
      element('text', { x: at, y: bottom + 17, 'text-anchor': 'middle' }, formatNumber(tick)),
    );
  }
  const middle = fixed((top + bottom) / 2);
  return [
    ...ticks,
    element('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    element(
      'text',
      { class: 'label', x: fixed((left + right) / 2), y: bottom + 35, 'text-anchor': 'middle' },
      chart.xLabel,
    ),
    element(
      'text',
      { class: 'label', transform: `translate(14 ${middle}) rotate(-90)`, 'text-anchor': 'middle' },
      chart.yLabel,
    ),
  ];
}

function drawLine(chart: LineChart, series: Series, name: string, plan: ChartPlan): PageElement {
  const place = placer(chart, plan);
  const points = pointsOf(series, plan);
  let path = '';
  let isOpen = false;
  for (const i of points) {
    const y = place.y(series.y[i]!);
    if (y !== null) path += `${isOpen ? 'L' : 'M'}${place.x(series.x[i]!)} ${y}`;
    isOpen = y !== null;
  }
  const markers = points.length > mostMarkers ? [] : points;
  return element(
    'g',
    { class: name },
    element('path', { class: 'line', d: path }),
    ...markers.flatMap((i) => {
      const y = place.y(series.y[i]!);
      return y === null
        ? []
        : [element('circle', { class: 'marker', cx: place.x(series.x[i]!), cy: y, r: 2.5 })];
    }),
  );
}

/** The intervals: one closed outline per run without gaps. */
function drawBand(chart: LineChart, series: Series, name: string, plan: ChartPlan): PageElement {
  const { lower, upper } = series;
  const place = placer(chart, plan);
  const path: string[] = [];
  let there: string[] = [];
  let back: string[] = [];
  const close = () => {
    if (there.length > 0) path.push(`M${[...there, ...back.reverse()].join('L')}Z`);
    there = [];
    back = [];
  };
  if (lower !== undefined && upper !== undefined) {
    for (const i of pointsOf(series, plan)) {
      const [x, low, high] = [place.x(series.x[i]!), place.y(lower[i]!), place.y(upper[i]!)];
      if (low === null || high === null) {
        close();
        continue;
      }
      there.push(`${x} ${high}`);
      back.push(`${x} ${low}`);
    }
    close();
  }
  return element('g', { class: name }, element('path', { class: 'band', d: path.join('') }));
}

function pointsOf(series: Series, plan: ChartPlan): number[] {
  return thinPoints(series, plan.right - plan.left, plan.x.toPixels);
}

/** Pixels of a point; null for a number that the axis cannot show. */
function placer(chart: LineChart, { left, bottom, x, y }: ChartPlan) {
  const isLog = chart.yScale === 'log';
  return {
    x: (value: number) => fixed(left + x.toPixels(value)),
    y: (value: number) =>
      Number.isFinite(value) && (!isLog || value > 0) ? fixed(bottom - y.toPixels(value)) : null,
  };
}

/** Tenths of a pixel are fine enough, and short. */
function fixed(pixels: number): number {
  return Math.round(10 * pixels) / 10;
}
