import { chartFigure } from './chart/chart-figure.js';
import { checkLineChart } from './chart/check-line-chart.js';
import type { LineChart } from './chart/line-chart.js';
import script from './client/report-page.ts?bundle';
import { element, type PageElement } from './element.js';
import { drawHeatMap } from './heat-map/draw-heat-map.js';
import type { HeatMap } from './heat-map/heat-map.js';
import { htmlPage } from './page/html-page.js';
import { plainChart } from './page/plain-chart.js';
import style from './style.css?bundle';
import { drawTable } from './table/draw-table.js';
import type { Table } from './table/table.js';

/** Paragraphs, under a heading if they have one. */
export interface TextPart {
  readonly kind: 'text';
  readonly heading?: string;
  readonly paragraphs: readonly string[];
}

/** A part of a page. */
export type ReportPart = TextPart | LineChart | HeatMap | Table;

/** A page of charts, heat maps, tables and text. */
export interface Report {
  readonly title: string;
  readonly parts: readonly ReportPart[];
}

/**
 * Draws plain numbers as one HTML page: a single file that works offline, in light and dark, on any width.
 * All strings are text; markup in them is shown, never run.
 *
 * @returns the page's HTML
 * @throws {InvalidArgumentError} for a chart whose lists have different lengths or whose x decreases, or a table or
 *   heat map with rows of different lengths
 *
 * @example
 * ```ts
 * const best = { name: 'best', x: [0, 1, 2], y: [1, 2, 4] };
 * const chart = { kind: 'lineChart', title: 'Fitness', xLabel: 'generation', yLabel: 'score', series: [best] } as const;
 * const html = reportPage({ title: 'Run 7', parts: [chart] });
 * ```
 */
export function reportPage({ title, parts }: Report): string {
  const charts = parts.filter((part) => part.kind === 'lineChart');
  charts.forEach(checkLineChart);
  const drawn: PageElement[] = [];
  let row: PageElement[] = []; // pictures that follow each other stand side by side where there is room
  for (const [i, part] of parts.entries()) {
    if (part.kind === 'lineChart') row.push(chartFigure(part, charts.indexOf(part)));
    else if (part.kind === 'heatMap') row.push(drawHeatMap(part));
    else drawn.push(part.kind === 'text' ? drawText(part) : drawTable(part));
    if (row.length === 0 || parts[i + 1]?.kind === part.kind) continue;
    drawn.push(element('div', { class: 'charts' }, ...row));
    row = [];
  }
  return htmlPage({
    title,
    body: [element('main', { class: 'report' }, element('h1', {}, title), ...drawn)],
    style,
    script,
    data: { charts: charts.map(plainChart) },
  });
}

function drawText({ heading, paragraphs }: TextPart): PageElement {
  return element(
    'section',
    {},
    ...(heading === undefined ? [] : [element('h2', {}, heading)]),
    ...paragraphs.map((text) => element('p', {}, text)),
  );
}
