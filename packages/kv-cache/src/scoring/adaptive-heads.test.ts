import { expect, it } from 'vitest';
import { adaptiveHeads } from './adaptive-heads.js';
import { TopSlots } from './top-slots.js';

it('gives rows back where rounding would exceed the budget', () => {
  // Of the best six rows the heads have 1, 1 and 4: halves of that and one for each are 1.5, 1.5 and 3,
  // which round to seven.
  const scores = [
    [9, 0, 0, 0],
    [8, 0, 0, 0],
    [7, 6, 5, 4],
  ];
  const { counts } = adaptiveHeads({ rule: 'original', safeguard: 0.5 });
  const arrays = scores.map((head) => Float64Array.from(head));
  expect(counts(arrays, [2, 2, 2], [0, 0, 0], new TopSlots())).toEqual([2, 1, 3]);
});
