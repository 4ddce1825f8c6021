import { element, type PageElement } from '../element.js';
import type { LineChart, Series } from './line-chart.js';
import { type PlacedLabel, placeLabels } from './place-labels.js';
import { type ChartPlan, planLineChart } from './plan-line-chart.js';
import { thinPoints } from './thin-points.js';

/** With this many points or fewer, each is marked. */
const mostMarkers = 30;

/** Markers of a curve that are nearer, in pixels, would cover each other. */
const markerDistance = 9;

/** Colours of the style sheet; further series take them again, dotted. */
const colours = 10;

/** Outlines of markers around the origin, so that colour is not all that tells series apart. */
const shapes = [
  'M-3 0A3 3 0 1 1 3 0A3 3 0 1 1 -3 0Z', // circle
  'M-2.7 -2.7H2.7V2.7H-2.7Z', // square
  'M0 -3.6L3.4 2.6H-3.4Z', // triangle
  'M0 -4L4 0L0 4L-4 0Z', // diamond
  'M0 3.6L3.4 -2.6H-3.4Z', // triangle upside down
];

/** How a series looks, in its curve and in the legend. */
export interface SeriesLook {
  /** Colour and dash pattern, as classes of the style sheet. */
  readonly name: string;
  /** Outline of its markers; null where its points are not marked. */
  readonly marker: string | null;
}

/** The look of each series. */
export function seriesLooks(series: readonly Series[]): SeriesLook[] {
  let solid = 0;
  return series.map(({ dashed, x, labels }) => {
    if (dashed) return { name: 'series reference', marker: null };
    const index = solid++;
    const dotted = index < colours ? '' : ' dotted';
    const labelled = labels === undefined ? '' : ' labelled';
    return {
      name: `series series-${index % colours}${dotted}${labelled}`,
      marker: x.length > mostMarkers ? null : shapes[index % shapes.length]!,
    };
  });
}

/** Draws a chart as SVG, without title and legend. */
export function drawLineChart(chart: LineChart, width: number): PageElement {
  const plan = planLineChart(chart, width);
  if (plan === null) return element('p', { class: 'no-data' }, 'There are no numbers to show.');
  const { height } = plan;
  const looks = seriesLooks(chart.series);
  const each = (
    draw: (chart: LineChart, series: Series, look: SeriesLook, plan: ChartPlan) => PageElement,
  ) => chart.series.map((series, i) => draw(chart, series, looks[i]!, plan));
  return element(
    'svg',
    { class: 'chart', width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
    ...drawAxes(chart, plan),
    ...each(drawIntervals),
    ...each(drawLine),
    ...drawLabels(chart, looks, plan),
  );
}

function drawAxes(chart: LineChart, plan: ChartPlan): PageElement[] {
  const { left, right, top, bottom, x, y } = plan;
  const ticks: PageElement[] = [];
  for (const [i, tick] of y.ticks.entries()) {
    const at = fixed(bottom - y.toPixels(tick));
    ticks.push(
      element('line', { class: 'grid', x1: left, x2: right, y1: at, y2: at }),
      element('text', { x: left - 6, y: at, dy: '0.32em', 'text-anchor': 'end' }, plan.yTexts[i]!),
    );
  }
  for (const [i, tick] of x.ticks.entries()) {
    const at = fixed(left + x.toPixels(tick));
    ticks.push(
      element('line', { class: 'tick', x1: at, x2: at, y1: bottom, y2: bottom + 5 }),
      element('text', { x: at, y: bottom + 17, 'text-anchor': 'middle' }, plan.xTexts[i]!),
    );
  }
  const middle = fixed((top + bottom) / 2);
  return [
    ...ticks,
    element('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    ...plan.xLabel.map((line, i) => {
      const place = { x: fixed((left + right) / 2), y: bottom + 35 + 15 * i };
      return element('text', { class: 'label', ...place, 'text-anchor': 'middle' }, line);
    }),
    element(
      'text',
      { class: 'label', transform: `translate(14 ${middle}) rotate(-90)`, 'text-anchor': 'middle' },
      chart.yLabel,
    ),
  ];
}

function drawLine(
  chart: LineChart,
  series: Series,
  { name, marker }: SeriesLook,
  plan: ChartPlan,
): PageElement {
  const place = placer(chart, plan);
  const points = pointsOf(series, plan);
  let path = '';
  let isOpen = false;
  let lastMarker = -Infinity;
  const markers: PageElement[] = [];
  for (const i of points) {
    const [x, y] = [place.x(series.x[i]!), place.y(series.y[i]!)];
    if (y !== null) path += `${isOpen ? 'L' : 'M'}${x} ${y}`;
    isOpen = y !== null;
    if (y === null || marker === null) continue;
    if (series.labels === undefined && x - lastMarker < markerDistance) continue;
    lastMarker = x;
    const at = { transform: `translate(${x} ${y})` };
    markers.push(element('path', { class: 'marker', d: marker, ...at }));
  }
  return element('g', { class: name }, element('path', { class: 'line', d: path }), ...markers);
}

/** The intervals: bars where points have labels, else one closed outline per run without gaps. */
function drawIntervals(
  chart: LineChart,
  series: Series,
  { name }: SeriesLook,
  plan: ChartPlan,
): PageElement {
  const { lower, upper, labels } = series;
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
      if (labels !== undefined) close();
    }
    close();
  }
  const kind = labels === undefined ? 'band' : 'bar';
  return element('g', { class: name }, element('path', { class: kind, d: path.join('') }));
}

function drawLabels(
  chart: LineChart,
  looks: readonly SeriesLook[],
  plan: ChartPlan,
): PageElement[] {
  const place = placer(chart, plan);
  const points = chart.series.flatMap(({ x, y, labels }, s) =>
    Array.from(y, (value, i) => {
      const at = place.y(value);
      const text = labels?.[i] ?? '';
      return at === null ? [] : [{ x: place.x(x[i]!), y: at, text, name: looks[s]!.name }];
    }).flat(),
  );
  return placeLabels(points, plan).flatMap((label, i) => {
    if (label === null) return [];
    const { x, y, text, name } = points[i]!;
    return [drawLabel(label, x, y, text, name)];
  });
}

function drawLabel(
  { left, middle, width, leads }: PlacedLabel,
  x: number,
  y: number,
  text: string,
  name: string,
): PageElement {
  const near = x < left ? left - 1 : left + width + 1;
  const d = `M${x} ${y}L${fixed(near)} ${fixed(middle)}`;
  const [anchor, at] = x < left ? ['start', left] : ['end', left + width];
  const place = { x: fixed(at), y: fixed(middle), dy: '0.32em', 'text-anchor': anchor };
  return element(
    'g',
    { class: name },
    ...(leads ? [element('path', { class: 'lead', d })] : []),
    element('text', { class: 'name', ...place }, text),
  );
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
