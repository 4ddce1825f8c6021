import { InvalidArgumentError } from '@namm/core/portable';

/**
 * The lower triangular L with C = L Lᵀ; zero above the diagonal.
 *
 * @param matrix n × n, row-major, symmetric; only its lower triangle is read
 * @throws {InvalidArgumentError} when it is not positive definite
 */
export function cholesky(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      if (i !== j) lower[i * n + j] = sum / lower[j * n + j]!;
      else if (sum > 0) lower[i * n + i] = Math.sqrt(sum);
      else throw new InvalidArgumentError('covariance', 'is not positive definite');
    }
  }
  return lower;
}
