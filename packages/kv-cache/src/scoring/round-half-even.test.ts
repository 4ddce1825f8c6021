import { expect, it } from 'vitest';
import { roundHalfEven } from './round-half-even.js';

it.each([
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [2.4, 2],
  [2.6, 3],
  [3, 3],
])('rounds %d to %d, as Python does', (value, rounded) => {
  expect(roundHalfEven(value)).toBe(rounded);
});
