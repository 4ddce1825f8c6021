import { InvalidArgumentError } from '@namm/core';
import { element, type PageElement } from '../element.js';
import { columnFormat } from '../format-number.js';
import type { HeatMap } from './heat-map.js';

const steps = 5;
const [cellWidth, cellHeight] = [52, 26];
/** Room for the names of rows and columns, and the labels beside and under them. */
const [left, bottom] = [76, 42];

/**
 * Draws a heat map with its title and scale. It needs no script: what a cell says is its tooltip.
 *
 * @throws {InvalidArgumentError} when the grid is not as large as its names, or the range is none
 */
export function drawHeatMap(map: HeatMap): PageElement {
  const { title, description, xLabel, yLabel, columns, rows, values } = map;
  check(map);
  const [width, height] = [left + columns.length * cellWidth, rows.length * cellHeight + bottom];
  const middle = (rows.length * cellHeight) / 2;
  const numbers = values.flat().filter((value) => value !== null);
  const write = columnFormat(numbers, undefined);
  const named = (at: number) => ({ 'text-anchor': 'middle', x: left + (at + 0.5) * cellWidth });
  return element(
    'figure',
    { class: 'heat-figure' },
    element('figcaption', {}, title),
    ...(description === undefined ? [] : [element('p', { class: 'description' }, description)]),
    scaleOf(map, write),
    element(
      'svg',
      {
        class: 'heat',
        viewBox: `0 0 ${width} ${height}`,
        width,
        role: 'img',
        'aria-label': `${title}: ${summaryOf(map, write)}`,
      },
      ...rows.flatMap((row, y) => [
        element(
          'text',
          { x: left - 6, y: (y + 0.5) * cellHeight, dy: '0.32em', 'text-anchor': 'end' },
          row,
        ),
        ...columns.map((_, x) => drawCell(map, x, y, write)),
      ]),
      ...columns.map((column, x) =>
        element('text', { ...named(x), y: height - bottom + 16 }, column),
      ),
      element(
        'text',
        { class: 'label', ...named(columns.length / 2 - 0.5), y: height - bottom + 34 },
        xLabel,
      ),
      element(
        'text',
        {
          class: 'label',
          transform: `translate(14 ${middle}) rotate(-90)`,
          'text-anchor': 'middle',
        },
        yLabel,
      ),
    ),
  );
}

type Write = (value: number) => string;

function drawCell(map: HeatMap, x: number, y: number, write: Write): PageElement {
  const { columns, rows, values, xLabel, yLabel, notes } = map;
  const value = values[y]![x]!;
  const said = value === null ? 'nothing' : write(value);
  const note = notes?.[y]?.[x];
  const tip = `${xLabel} ${columns[x]}, ${yLabel} ${rows[y]}: ${said}${note ? ` (${note})` : ''}`;
  const place = { x: left + x * cellWidth, y: y * cellHeight };
  return element(
    'g',
    { class: `cell ${value === null ? 'none' : `step-${stepOf(map, value)}`}` },
    element('title', {}, tip),
    element('rect', { ...place, width: cellWidth - 1, height: cellHeight - 1 }),
    element(
      'text',
      {
        x: place.x + cellWidth / 2,
        y: place.y + cellHeight / 2,
        dy: '0.32em',
        'text-anchor': 'middle',
      },
      value === null ? '–' : write(value),
    ),
  );
}

/** 0 for the lowest; what is beyond the range belongs to its first or last step. */
function stepOf({ range: [low, high] }: HeatMap, value: number): number {
  const step = Math.floor((steps * (value - low)) / (high - low));
  return Math.min(steps - 1, Math.max(0, step));
}

function scaleOf({ range: [low, high] }: HeatMap, write: Write): PageElement {
  const edge = (step: number) => write(low + (step * (high - low)) / steps);
  const entries = Array.from({ length: steps }, (_, step) =>
    element(
      'li',
      {},
      element(
        'svg',
        { class: 'heat', width: 16, height: 12, 'aria-hidden': 'true' },
        element(
          'g',
          { class: `cell step-${step}` },
          element('rect', { width: 16, height: 12, x: 0, y: 0 }),
        ),
      ),
      element('span', {}, `${edge(step)} to ${edge(step + 1)}`),
    ),
  );
  return element('ul', { class: 'legend' }, ...entries);
}

function summaryOf({ columns, rows, values }: HeatMap, write: Write): string {
  const mean = (own: readonly (number | null)[]) => {
    const numbers = own.filter((value) => value !== null);
    return numbers.length === 0
      ? 'nothing'
      : write(numbers.reduce((sum, value) => sum + value, 0) / numbers.length);
  };
  const byColumn = columns.map((name, x) => `${name} ${mean(values.map((row) => row[x]!))}`);
  const byRow = rows.map((name, y) => `${name} ${mean(values[y]!)}`);
  return `means of columns: ${byColumn.join(', ')}; of rows: ${byRow.join(', ')}`;
}

function check({ title, columns, rows, values, range: [low, high], notes }: HeatMap): void {
  const fail = (problem: string): never => {
    throw new InvalidArgumentError(`heat map ${JSON.stringify(title)}`, problem);
  };
  if (!(high > low)) fail(`has no range: ${low} to ${high}`);
  for (const grid of notes ? [values, notes] : [values]) {
    if (grid.length !== rows.length) fail(`has ${grid.length} rows for ${rows.length} names`);
    for (const row of grid) {
      if (row.length !== columns.length)
        fail(`has a row of ${row.length} for ${columns.length} columns`);
    }
  }
}
