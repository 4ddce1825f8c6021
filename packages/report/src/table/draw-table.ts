import { InvalidArgumentError } from '@namm/core';
import { element, type PageElement } from '../element.js';
import { formatNumber } from '../format-number.js';
import type { Cell, Column, Table } from './table.js';

/**
 * Draws a table; the page's script makes its columns sortable.
 *
 * @throws {InvalidArgumentError} for a row with another number of cells than there are columns
 */
export function drawTable({ title, description, columns, rows }: Table): PageElement {
  const wrong = rows.findIndex((row) => row.length !== columns.length);
  if (wrong >= 0) {
    const problem = `row ${wrong} has ${rows[wrong]!.length} cells for ${columns.length} columns`;
    throw new InvalidArgumentError(`table ${JSON.stringify(title)}`, problem);
  }
  const numeric = columns.map((_, i) => rows.every((row) => typeof row[i] !== 'string'));
  const head = columns.map(({ name }, i) =>
    element('th', { scope: 'col', ...alignment(numeric[i]!) }, name),
  );
  const body = rows.map((row) =>
    element('tr', {}, ...row.map((cell, i) => drawCell(cell, columns[i]!, numeric[i]!))),
  );
  return element(
    'figure',
    { class: 'table-figure' },
    element('figcaption', {}, title),
    ...(description === undefined ? [] : [element('p', { class: 'description' }, description)]),
    element(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title },
      element(
        'table',
        { 'data-sortable': '' },
        element('thead', {}, element('tr', {}, ...head)),
        element('tbody', {}, ...body),
      ),
    ),
  );
}

function alignment(isNumeric: boolean): Readonly<Record<string, string>> {
  return isNumeric ? { class: 'number' } : {};
}

function drawCell(cell: Cell, { format }: Column, isNumeric: boolean): PageElement {
  if (cell === null) return element('td', { ...alignment(isNumeric), 'data-value': '' }, '–');
  if (typeof cell === 'string') return element('td', {}, cell);
  const attributes = { ...alignment(isNumeric), 'data-value': '' };
  if (typeof cell === 'number') {
    return element('td', { ...attributes, 'data-value': cell }, formatNumber(cell, format));
  }
  const { estimate, lower, upper } = cell;
  const [low, high] = [formatNumber(lower, format), formatNumber(upper, format)];
  return element(
    'td',
    { ...attributes, 'data-value': estimate },
    formatNumber(estimate, format),
    ' ',
    element('span', { class: 'interval' }, `${low} to ${high}`),
  );
}
