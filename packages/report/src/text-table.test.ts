import { expect, it } from 'vitest';
import { textTable } from './text-table.js';

const headings = ['policy', 'kept', 'cache MB'];
const rows = [
  ['full', '100 %', '1.50'],
  ['sink-recent', '25 %', '0.40'],
];

it('puts words to the left and numbers to the right', () => {
  expect(textTable(headings, rows)).toBe(
    [
      '| policy      |  kept | cache MB |',
      '| ----------- | ----: | -------: |',
      '| full        | 100 % |     1.50 |',
      '| sink-recent |  25 % |     0.40 |',
    ].join('\n'),
  );
  expect(textTable(['policy', 'gap'], [['h2o', '–']], { style: 'plain' })).toContain('h2o       –');
  expect(textTable(headings, rows, { style: 'plain' }).split('\n')[2]).toBe(
    'full         100 %      1.50',
  );
});

it('becomes a list where the terminal is narrower', () => {
  const list = textTable(headings, rows, { style: 'plain', width: 20 });
  expect(list).toBe(
    [
      'full',
      '  kept      100 %',
      '  cache MB  1.50',
      '',
      'sink-recent',
      '  kept      25 %',
      '  cache MB  0.40',
    ].join('\n'),
  );
  expect(textTable(headings, rows, { style: 'plain', width: 28 })).toContain('full   ');
});
