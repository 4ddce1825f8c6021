import { InvalidArgumentError } from '@namm/core';
import { element, type PageElement } from '../element.js';
import { columnFormat } from '../format-number.js';
import type { Cell, Table } from './table.js';

/** Longer texts may break into lines. */
const longestLine = 32;

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
  const writers = columns.map(({ format }, i) =>
    columnFormat(
      rows.flatMap((row) => numbersOf(row[i]!)),
      format,
    ),
  );
  const body = rows.map((row) =>
    element('tr', {}, ...row.map((cell, i) => drawCell(cell, writers[i]!, numeric[i]!))),
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

function numbersOf(cell: Cell): number[] {
  if (cell === null || typeof cell === 'string') return [];
  return typeof cell === 'number' ? [cell] : [cell.estimate, cell.lower, cell.upper];
}

function drawCell(cell: Cell, write: (value: number) => string, isNumeric: boolean): PageElement {
  if (cell === null) return element('td', { ...alignment(isNumeric), 'data-value': '' }, '–');
  if (typeof cell === 'string') {
    return element('td', cell.length > longestLine ? { class: 'long' } : {}, cell);
  }
  const [value] = numbersOf(cell);
  const attributes = { ...alignment(isNumeric), 'data-value': value! };
  if (typeof cell === 'number') return element('td', attributes, write(cell));
  // An interval from nowhere to nowhere says nothing.
  if (!Number.isFinite(cell.lower) && Object.is(cell.lower, cell.upper)) {
    return element('td', attributes, write(cell.estimate));
  }
  const interval = `${write(cell.lower)} to ${write(cell.upper)}`;
  return element(
    'td',
    attributes,
    write(cell.estimate),
    ' ',
    element('span', { class: 'interval' }, interval),
  );
}
