import { expect, it } from 'vitest';
import { columnFormat, formatApart, formatNumber, type NumberFormat } from './format-number.js';

it.each<[number, NumberFormat, string]>([
  [0, 'number', '0'],
  [-0, 'number', '0'],
  [12, 'number', '12'],
  [1234567, 'number', '1,234,567'],
  [-1234.5, 'number', '−1,235'],
  [3.1411, 'number', '3.141'],
  [0.5, 'number', '0.5'],
  [0.000123456, 'number', '0.0001235'],
  [0.0000123456, 'number', '1.235e-5'],
  [-2e-9, 'number', '−2e-9'],
  [1.5e12 + 0.5, 'number', '1.5e12'],
  [99999.6, 'number', '100,000'],
  [Number.NaN, 'number', '–'],
  [Infinity, 'number', '∞'],
  [-Infinity, 'number', '−∞'],
  [0.25, 'percent', '25 %'],
  [0.98765, 'percent', '98.8 %'],
  [0, 'bytes', '0 B'],
  [999, 'bytes', '999 B'],
  [1000, 'bytes', '1 kB'],
  [999_499, 'bytes', '999 kB'],
  [999_999, 'bytes', '1 MB'],
  [4_160_000, 'bytes', '4.16 MB'],
  [7e16, 'bytes', '70,000 TB'],
])('writes %d as %s: %s', (value, format, expected) => {
  expect(formatNumber(value, format)).toBe(expected);
});

it.each<[readonly number[], NumberFormat, readonly string[]]>([
  [[0.049985, 0.04999, 0.049995], 'number', ['0.049985', '0.04999', '0.049995']],
  [[0.5, 1, 1.5], 'number', ['0.5', '1', '1.5']],
  [[1_000_500, 1_001_000, 1_001_500], 'bytes', ['1.0005 MB', '1.001 MB', '1.0015 MB']],
  [[0.98761, 0.98762], 'percent', ['98.761 %', '98.762 %']],
  [[3, 3], 'number', ['3', '3']],
])('tells the numbers %j of an axis apart', (values, format, expected) => {
  expect(formatApart(values, format)).toEqual(expected);
});

it.each<[readonly number[], NumberFormat, readonly string[]]>([
  [[1, 0.5556, 0], 'number', ['1.000', '0.556', '0.000']],
  [[-12.3456, 3], 'number', ['−12.35', '3.00']],
  [[1, 2000], 'number', ['1', '2,000']],
  [[1234.5, 2000], 'number', ['1,235', '2,000']],
  [[0.00012, 0.5], 'number', ['0.00012', '0.5']],
  [[1, 0.4567, Number.NaN], 'percent', ['100.0 %', '45.7 %', '–']],
  [[1000, 1500], 'bytes', ['1 kB', '1.5 kB']],
  [[], 'number', []],
])('writes the column %j in one form', (values, format, expected) => {
  expect(values.map(columnFormat(values, format))).toEqual(expected);
});
