import { InvalidArgumentError } from '@namm/core';
import { expect, it } from 'vitest';
import { toHtml } from '../to-html.js';
import { drawTable } from './draw-table.js';
import type { Table } from './table.js';

const table: Table = {
  kind: 'table',
  title: 'Scores',
  columns: [
    { name: 'policy' },
    { name: 'score', format: 'percent' },
    { name: 'bytes', format: 'bytes' },
  ],
  rows: [
    ['<full>', { estimate: 0.97, lower: 0.93, upper: 1 }, 4_160_000],
    ['h2o', 0.29, null],
  ],
};

it('writes texts, numbers, intervals and nothing', () => {
  const html = toHtml(drawTable(table));
  expect(html).toContain('<td>&lt;full&gt;</td>');
  expect(html).toContain(
    'data-value="0.97">97.0 % <span class="interval">93.0 % to 100.0 %</span></td>',
  );
  expect(html).toContain('<td class="number" data-value="4160000">4.16 MB</td>');
  expect(html).toContain('<td class="number" data-value="">–</td>');
  expect(html).toContain('<th scope="col">policy</th><th scope="col" class="number">score</th>');
});

it('refuses a row that does not fit', () => {
  const refused = () => drawTable({ ...table, rows: [...table.rows, ['a', 1]] });
  expect(refused).toThrow(InvalidArgumentError);
  expect(refused).toThrow('table "Scores": row 2 has 2 cells for 3 columns');
});

it('writes no interval that says nothing', () => {
  const none = { estimate: Number.NaN, lower: Number.NaN, upper: Number.NaN };
  const endless = { estimate: Infinity, lower: Infinity, upper: Infinity };
  const half = { estimate: Infinity, lower: 0.5, upper: Infinity };
  const rows = [none, endless, half].map((score, i) => [`${i}`, score, null]);
  const html = toHtml(drawTable({ ...table, rows }));
  expect(html.match(/class="interval"/g)).toHaveLength(1);
});
