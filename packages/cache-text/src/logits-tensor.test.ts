import { describe, expect, it } from 'vitest';
import { logitsTensor } from './logits-tensor.js';
import { paddedRows, readTokenRows } from './token-rows.js';

const tokens = (...rows: number[][]) => {
  const { input_ids, attention_mask } = paddedRows(rows);
  return readTokenRows(input_ids, attention_mask);
};

describe('logitsTensor', () => {
  it('does not copy a single sequence', () => {
    const logits = Float32Array.of(1, 2, 3, 4);
    const tensor = logitsTensor([logits], tokens([5, 6]), 0, 2);
    expect(tensor.dims).toEqual([1, 2, 2]);
    expect(tensor.data).toBe(logits);
  });

  it('stacks the last logits of a batch', () => {
    const rows = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    const tensor = logitsTensor(rows, tokens([5, 6], [7]), 1, 2);
    expect(tensor.tolist()).toEqual([[[1, 2]], [[3, 4]]]);
  });

  it('puts zeros where there is padding, and keeps as many columns as asked for', () => {
    const rows = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(7, 8)];
    const batch = tokens([5, 6, 7], [8]);
    expect(logitsTensor(rows, batch, 0, 2).tolist()).toEqual([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [
        [0, 0],
        [0, 0],
        [7, 8],
      ],
    ]);
    expect(logitsTensor(rows, batch, 2, 2).tolist()).toEqual([
      [
        [3, 4],
        [5, 6],
      ],
      [
        [0, 0],
        [7, 8],
      ],
    ]);
  });
});
