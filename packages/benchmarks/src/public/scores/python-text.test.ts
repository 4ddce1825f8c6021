import { expect, it } from 'vitest';
import { roundHalfEven } from './python-text.js';

it('rounds halves to the even neighbour, and all else to the nearest', () => {
  const rounded = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 62.5, 2.4, 2.6, -2.6, 3].map(roundHalfEven);
  expect(rounded.map((value) => value + 0)).toEqual([-2, -2, 0, 0, 2, 2, 62, 2, 3, -3, 3]);
});
