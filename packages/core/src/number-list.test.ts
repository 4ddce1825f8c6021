import { expect, it } from 'vitest';
import { numberList } from './number-list.js';

it.each<[string, () => unknown, RegExp]>([
  ['null among numbers', () => numberList('mean', [1, null as never]), /mean: number 1 is null/],
  ['a hole', () => numberList('mean', new Array(1)), /number 0 is undefined/],
  ['a text among numbers', () => numberList('mean', ['1' as never]), /number 0 is '1'/],
  ['too few numbers', () => numberList('mean', [1], { length: 2 }), /has 1 numbers, not 2/],
  ['infinity', () => numberList('mean', [Number.POSITIVE_INFINITY]), /finite numbers are needed/],
  ['a text', () => numberList('mean', '12' as never), /'12' is not a list of numbers/],
  ['an endless list', () => numberList('mean', { length: Infinity }), /is not a list of numbers/],
  [
    'what the caller does not accept',
    () => numberList('scale', [1, -1], { accept: (x) => x > 0, needed: 'above 0' }),
    /scale: number 1 is -1; above 0/,
  ],
])('refuses %s', (_, call, message) => {
  expect(call).toThrow(message);
});

it('copies', () => {
  const values = Float32Array.of(1, 2);
  const copy = numberList('mean', values, { length: 2 });
  values[0] = 5;
  expect(copy).toEqual(Float64Array.of(1, 2));
});
