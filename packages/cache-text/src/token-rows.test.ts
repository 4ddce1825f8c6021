import { Tensor } from '@huggingface/transformers';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { paddedRows, readTokenRows } from './token-rows.js';

const row = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 6 });

it('pads what it reads without padding', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
      const { input_ids, attention_mask } = paddedRows(rows);
      const read = readTokenRows(input_ids, attention_mask);
      expect(read.rows).toEqual(rows);
      expect(read.past).toBeNull();
      const width = Math.max(...rows.map(({ length }) => length));
      expect(input_ids.dims).toEqual([rows.length, width]);
      for (const [i, own] of rows.entries()) {
        expect(read.columns[i]).toEqual(own.map((_, j) => width - own.length + j));
      }
    }),
  );
});

it('counts the tokens that a mask has before the ids', () => {
  const ids = new Tensor('int64', [5n, 6n, 7n, 8n], [2, 2]);
  const mask = new Tensor('int64', [0n, 1n, 1n, 1n, 1n, 1n, 1n, 0n], [2, 4]);
  expect(readTokenRows(ids, mask)).toMatchObject({ rows: [[5, 6], [7]], past: [1, 2], width: 2 });
});
