// The script of a page of charts and tables.
import type { LineChart } from '../chart/line-chart.js';
import { ChartView } from './chart-view.js';
import { pageData } from './page.js';

const { charts } = pageData<{ charts: readonly LineChart[] }>();
for (const figure of document.querySelectorAll<HTMLElement>('[data-chart]')) {
  new ChartView(figure, charts[Number(figure.dataset.chart)]!);
}
for (const table of document.querySelectorAll<HTMLTableElement>('[data-sortable]')) {
  makeSortable(table);
}

/** Puts a button into every column's head that sorts the rows by it. */
function makeSortable(table: HTMLTableElement): void {
  const heads = [...table.tHead!.rows[0]!.cells];
  for (const [column, head] of heads.entries()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const ascending = head.ariaSort !== 'ascending';
      for (const other of heads)
        other.ariaSort = other === head ? (ascending ? 'ascending' : 'descending') : null;
      sortBy(table.tBodies[0]!, column, ascending);
    });
  }
}

function sortBy(body: HTMLTableSectionElement, column: number, ascending: boolean): void {
  const cell = (row: HTMLTableRowElement) => row.cells[column]!;
  const order = [...body.rows].sort((a, b) => {
    const [left, right] = [cell(a), cell(b)];
    const sign = ascending ? 1 : -1;
    const [x, y] = [left.dataset.value, right.dataset.value];
    if (x === undefined || y === undefined) {
      return sign * left.textContent!.localeCompare(right.textContent!, 'en', { numeric: true });
    }
    if (x === '' || y === '') return Number(x === '') - Number(y === ''); // nothing comes last
    return sign * (Number(x) - Number(y));
  });
  body.append(...order);
}
