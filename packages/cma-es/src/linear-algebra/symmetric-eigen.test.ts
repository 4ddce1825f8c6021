import { Random } from '@namm/core/portable';
import { describe, expect, it } from 'vitest';
import { symmetricEigen } from './symmetric-eigen.js';

function randomSymmetric(n: number, seed: number, scale: (i: number) => number = () => 1) {
  const random = new Random(seed, n);
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      matrix[i * n + j] = random.normal() * scale(i) * scale(j);
      matrix[j * n + i] = matrix[i * n + j]!;
    }
  }
  return matrix;
}

/** Largest |A − V Λ Vᵀ| over the largest |λ|, and largest |Vᵀ V − I|. */
function residuals(matrix: Float64Array, n: number) {
  const { values, vectors } = symmetricEigen(matrix, n);
  const largest = Math.max(...values.map(Math.abs), 1e-300);
  let residual = 0;
  let orthogonality = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let entry = 0;
      let inner = 0;
      for (let k = 0; k < n; k++) {
        entry += vectors[i * n + k]! * values[k]! * vectors[j * n + k]!;
        inner += vectors[k * n + i]! * vectors[k * n + j]!;
      }
      residual = Math.max(residual, Math.abs(entry - matrix[i * n + j]!) / largest);
      orthogonality = Math.max(orthogonality, Math.abs(inner - (i === j ? 1 : 0)));
    }
  }
  return { residual, orthogonality, values };
}

describe('symmetricEigen', () => {
  it.each([1, 2, 3, 4, 7, 20, 61, 120])('puts a random matrix of %i together again', (n) => {
    const { residual, orthogonality, values } = residuals(randomSymmetric(n, 1), n);
    expect(residual).toBeLessThan(1e-14 * Math.max(10, n));
    expect(orthogonality).toBeLessThan(1e-14 * Math.max(10, n));
    expect([...values]).toEqual([...values].sort((a, b) => a - b));
  });

  it('takes the identity, zeros, a diagonal and repeated values', () => {
    const n = 6;
    const identity = new Float64Array(n * n);
    for (let i = 0; i < n; i++) identity[i * n + i] = 1;
    expect(residuals(identity, n).values).toEqual(new Float64Array(n).fill(1));
    expect(residuals(new Float64Array(n * n), n).values).toEqual(new Float64Array(n));
    const diagonal = identity.map((value, i) => value * (((i * 5) % 7) + 1));
    expect(residuals(diagonal, n).residual).toBe(0);
    const ones = new Float64Array(n * n).fill(1);
    const { residual, values } = residuals(ones, n);
    expect(residual).toBeLessThan(1e-14);
    expect(values[n - 1]).toBeCloseTo(n, 12);
  });

  it('keeps small eigenvalues of a graded matrix positive', () => {
    const n = 12;
    const scale = (i: number) => 10 ** (-i / 2);
    const random = new Random(3);
    // positive definite: G Gᵀ with graded rows
    const g = Float64Array.from(
      { length: n * n },
      (_, at) => random.normal() * scale(Math.floor(at / n)),
    );
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        for (let k = 0; k < n; k++)
          matrix[i * n + j] = matrix[i * n + j]! + g[i * n + k]! * g[j * n + k]!;
      }
    }
    const { residual, values } = residuals(matrix, n);
    expect(residual).toBeLessThan(1e-13);
    expect(values[0]).toBeGreaterThan(0);
  });
});
