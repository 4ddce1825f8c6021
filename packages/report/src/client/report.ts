// The script of a page of charts and tables.
import type { LineChart } from '../chart/line-chart.js';
import { ChartView } from './chart-view.js';
import { pageData } from './page-data.js';
import { makeSortable } from './sort-tables.js';

const { charts } = pageData<{ charts: readonly LineChart[] }>();
for (const figure of document.querySelectorAll<HTMLElement>('[data-chart]')) {
  new ChartView(figure, charts[Number(figure.dataset.chart)]!);
}
for (const table of document.querySelectorAll<HTMLTableElement>('[data-sortable]')) {
  makeSortable(table);
}
