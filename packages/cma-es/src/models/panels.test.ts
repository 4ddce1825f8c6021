import { Random, WasmInstance } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { type Functions, module } from '../generated/matrix-adaptation.js';
import {
  blockWidth,
  type Numbers,
  packColumns,
  packLeft,
  packRight,
  unpackColumns,
} from './panels.js';

const vectorsOf = (count: number, length: number, seed: number) =>
  Array.from({ length: count }, (_, index) => {
    const random = new Random(seed, index);
    return Float64Array.from({ length }, () => random.normal());
  });

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/** A kernel's memory for a matrix of n × n random numbers and panels, in one precision. */
function setUp(precision: 'single' | 'double', n: number) {
  const kernels = new WasmInstance<Functions>(module);
  const bytes = precision === 'single' ? 4 : 8;
  const rows = roundUp(n, 6);
  const columns = roundUp(n, 8);
  const allocate = (length: number) => kernels.allocate(length * bytes);
  const view = (address: number, length: number): Numbers =>
    precision === 'single' ? kernels.float32(address, length) : kernels.float64(address, length);
  const matrix = allocate(rows * columns);
  const random = new Random(n);
  const fill = () => {
    const values = view(matrix, rows * columns);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) values[i * columns + j] = random.normal();
  };
  return { kernels: kernels.functions, rows, columns, allocate, view, matrix, fill };
}

describe.each([
  ['single', 2e-6],
  ['double', 1e-14],
] as const)('kernels in %s precision', (precision, tolerance) => {
  it.each([
    [1, 1],
    [7, 3],
    [24, 8],
    [61, 13],
  ])('multiply a matrix of %i rows with %i vectors as the plain sum', (n, count) => {
    const { kernels, rows, columns, allocate, view, matrix, fill } = setUp(precision, n);
    const width = precision === 'single' ? 8 : 4;
    const blocks = Math.ceil(count / width);
    const panel = allocate(blocks * width * columns);
    const product = allocate(blocks * width * rows);
    fill();
    const vectors = vectorsOf(count, n, 1);
    const panelView = view(panel, blocks * width * columns);
    expect(blockWidth(panelView)).toBe(width);
    packColumns(panelView, vectors, columns);
    const kernel = precision === 'single' ? kernels.multiplySingle : kernels.multiplyDouble;
    kernel(matrix, panel, product, rows, columns, blocks);
    const images = vectors.map(() => new Float64Array(n));
    unpackColumns(view(product, blocks * width * rows), images);
    const values = view(matrix, rows * columns);
    for (const [index, vector] of vectors.entries()) {
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += values[i * columns + k]! * vector[k]!;
        expect(Math.abs(images[index]![i]! - sum)).toBeLessThan(
          tolerance * Math.max(1, Math.sqrt(n)) * 3,
        );
      }
    }
  });

  it.each([
    [1, 1],
    [7, 3],
    [24, 4],
    [61, 17],
  ])('add to a matrix of %i rows a product of rank %i as the plain sum', (n, ranks) => {
    const { kernels, rows, columns, allocate, view, matrix, fill } = setUp(precision, n);
    const padded = roundUp(ranks, 3);
    const left = allocate(rows * padded);
    const right = allocate(columns * padded);
    fill();
    const lefts = vectorsOf(ranks, n, 2);
    const rights = vectorsOf(ranks, n, 3);
    const factors = lefts.map((_, rank) => (rank % 2 === 0 ? 0.1 : -0.3) * (rank + 1));
    packLeft(view(left, rows * padded), lefts, factors, padded);
    packRight(view(right, columns * padded), rights, padded);
    const before = view(matrix, rows * columns).slice();
    const kernel = precision === 'single' ? kernels.addProductSingle : kernels.addProductDouble;
    kernel(matrix, left, right, rows, columns, padded);
    const after = view(matrix, rows * columns);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = before[i * columns + j]!;
        for (let r = 0; r < ranks; r++)
          sum += factors[r]! * (lefts[r]![i] ?? 0) * (rights[r]![j] ?? 0);
        // what pads the matrix stays zero
        expect(Math.abs(after[i * columns + j]! - sum)).toBeLessThan(tolerance * ranks * ranks);
      }
    }
  });

  it('sum the squares of rows', () => {
    const n = 21;
    const { kernels, rows, columns, allocate, view, matrix, fill } = setUp(precision, n);
    fill();
    const result = allocate(rows);
    const kernel = precision === 'single' ? kernels.squareRowsSingle : kernels.squareRowsDouble;
    kernel(matrix, result, rows, columns);
    const values = view(matrix, rows * columns);
    const sums = view(result, rows);
    for (let i = 0; i < rows; i++) {
      const row = values.subarray(i * columns, (i + 1) * columns);
      let sum = 0;
      for (const value of row) sum += value * value;
      expect(Math.abs(sums[i]! - sum)).toBeLessThan(tolerance * 30);
    }
  });
});
