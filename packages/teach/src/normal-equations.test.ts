import { Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { fitQuality } from './fit-quality.js';
import { NormalEquations } from './normal-equations.js';
import { solveRidge } from './solve-ridge.js';

const inputs = 6;

/** Rows whose outputs are known maps of them, and noise. */
function randomRows(rows: number, seed: number, noise: number) {
  const random = new Random(seed);
  const x = Float64Array.from({ length: rows * inputs }, (_, i) =>
    i % inputs === inputs - 1 ? 1 : random.normal() * (1 + (i % inputs)),
  );
  const maps = [
    [1, -2, 0.5, 0, 3, 4],
    [0, 0, 1, 1, -1, -2],
  ];
  const y = maps.map((map) =>
    Float64Array.from({ length: rows }, (_, row) => {
      const exact = map.reduce((sum, weight, i) => sum + weight * x[row * inputs + i]!, 0);
      return exact + noise * random.normal();
    }),
  );
  return { x, y, maps };
}

function summed(x: Float64Array, y: Float64Array[], cuts: readonly number[]): NormalEquations {
  const sums = new NormalEquations(inputs, y.length);
  let start = 0;
  for (const end of [...cuts, x.length / inputs]) {
    sums.add(
      x.subarray(start * inputs, end * inputs),
      y.map((values) => values.subarray(start, end)),
    );
    start = end;
  }
  return sums;
}

describe('NormalEquations', () => {
  const cases = Array.from({ length: 20 }, (_, seed) => seed);
  it.each(cases)('sums what three plain loops sum, whatever the sizes: case %i', (seed) => {
    const random = new Random(seed);
    const [width, outputs] = [1 + random.integer(23), 1 + random.integer(4)];
    const sums = new NormalEquations(width, outputs);
    const products = new Float64Array(width * width);
    const moments = new Float64Array(outputs * width);
    const squares = new Float64Array(outputs);
    const draw = (length: number) => Float64Array.from({ length }, () => random.normal());
    for (const rows of [1 + random.integer(300), 0, 1 + random.integer(9)]) {
      const x = draw(rows * width);
      for (let row = 0; row < rows; row++) x[(row + 1) * width - 1] = 1;
      const y = Array.from({ length: outputs }, () => draw(rows));
      sums.add(x, y);
      for (let row = 0; row < rows; row++) {
        const own = x.subarray(row * width, (row + 1) * width);
        for (let i = 0; i < width; i++) {
          for (let j = i; j < width; j++) products[i * width + j]! += own[i]! * own[j]!;
          for (let o = 0; o < outputs; o++) moments[o * width + i]! += own[i]! * y[o]![row]!;
        }
        for (let o = 0; o < outputs; o++) squares[o]! += y[o]![row]! ** 2;
      }
    }
    const near = (actual: Float64Array, expected: Float64Array) => {
      expect(actual.length).toBe(expected.length);
      for (const [i, number] of actual.entries()) {
        expect(Math.abs(number - expected[i]!)).toBeLessThan(1e-11 * (1 + Math.abs(expected[i]!)));
      }
    };
    near(sums.products, products);
    near(sums.moments, moments);
    near(sums.squares, squares);
  });
});

describe('ridge regression from streamed sums', () => {
  it('finds the map that made the rows, however they come', () => {
    const { x, y, maps } = randomRows(400, 1, 0);
    for (const cuts of [[], [1], [128, 200], [7, 140, 399]]) {
      const weights = solveRidge(summed(x, y, cuts), 0);
      for (const [i, weight] of maps.flat().entries()) expect(weights[i]).toBeCloseTo(weight, 9);
    }
  });

  it('says error and correlation as the rows themselves would', () => {
    const { x, y } = randomRows(300, 2, 2);
    const weights = solveRidge(summed(x, y, []), 0.05);
    const fresh = randomRows(250, 3, 2);
    const quality = fitQuality(summed(fresh.x, fresh.y, [90]), weights);
    let error = 0;
    for (const [output, wanted] of fresh.y.entries()) {
      const predicted = [...wanted.keys()].map((row) =>
        [...Array(inputs).keys()].reduce(
          (sum, i) => sum + weights[output * inputs + i]! * fresh.x[row * inputs + i]!,
          0,
        ),
      );
      const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
      const [p, w] = [mean(predicted), mean([...wanted])];
      const cov = mean(predicted.map((value, i) => (value - p) * (wanted[i]! - w)));
      const spread = (values: readonly number[], m: number) =>
        Math.sqrt(mean(values.map((value) => (value - m) ** 2)));
      const correlation = cov / spread(predicted, p) / spread([...wanted], w);
      expect(quality.correlations[output]).toBeCloseTo(correlation, 9);
      error += mean(predicted.map((value, i) => (value - wanted[i]!) ** 2)) / 2;
    }
    expect(quality.error).toBeCloseTo(error, 8);
  });

  it('has a gradient of zero: the definition of its minimum', () => {
    const { x, y } = randomRows(60, 4, 1);
    const lambda = 0.3;
    const weights = solveRidge(summed(x, y, []), lambda);
    for (const output of [0, 1]) {
      const w = weights.subarray(output * inputs, (output + 1) * inputs);
      for (let i = 0; i < inputs; i++) {
        let [gradient, squares] = [0, 0];
        for (let row = 0; row < 60; row++) {
          const at = x.subarray(row * inputs, (row + 1) * inputs);
          const residual = at.reduce((sum, value, k) => sum + value * w[k]!, -y[output]![row]!);
          gradient += residual * at[i]!;
          squares += at[i]! ** 2;
        }
        if (i < inputs - 1) gradient += lambda * w[i]! * squares;
        expect(Math.abs(gradient)).toBeLessThan(1e-8);
      }
    }
  });

  it('refuses inputs that follow from others, and numbers that are not finite', () => {
    const { x, y } = randomRows(50, 5, 1);
    const copied = x.map((value, i) => (i % inputs === 1 ? 2 * x[i - 1]! : value));
    expect(() => solveRidge(summed(copied, y, []), 0)).toThrow(/input 1 follows from the others/);
    expect(solveRidge(summed(copied, y, []), 0.01).every(Number.isFinite)).toBe(true);
    const broken = x.map((value, i) => (i === 8 ? Number.NaN : value));
    expect(() => solveRidge(summed(broken, y, []), 0.01)).toThrow(/not finite/);
  });
});
