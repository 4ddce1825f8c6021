import { expect, it } from 'vitest';
import { formatNumber, type NumberFormat } from './format-number.js';

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
