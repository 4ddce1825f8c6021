import { Random } from '@namm/core';

/** Added to the diagonal, so that few rows have a leverage, too. */
const firstJitter = 1e-2;
/** By how much more, so many times, when that is not enough. */
const jitterStep = 10;
const mostTries = 5;

/** Random directions `[size, count]`, normal with variance 1 / count. */
export function randomDirections(size: number, count: number, seed: number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: size * count }, () => random.normal() / Math.sqrt(count));
}

/**
 * The leverage of each row among all: with X the rows less their mean, projected, the diagonal of X (XᵀX + jitter I)⁻¹ Xᵀ.
 *
 * @param rows `[count, size]`
 * @param directions `[size, sketch]`
 * @returns `[count]`
 */
export function leverageScores(
  rows: Float64Array,
  size: number,
  directions: Float64Array,
): Float64Array {
  const count = rows.length / size;
  const sketch = directions.length / size;
  const projected = project(rows, size, directions);
  const gram = new Float64Array(sketch * sketch);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < sketch; i++) {
      const number = projected[row * sketch + i]!;
      for (let j = 0; j <= i; j++) gram[i * sketch + j]! += number * projected[row * sketch + j]!;
    }
  }
  const factor = factorOf(gram, sketch);
  // ‖L⁻¹ x‖² = xᵀ (L Lᵀ)⁻¹ x.
  return Float64Array.from({ length: count }, (_, row) => {
    const solved = new Float64Array(sketch);
    let squares = 0;
    for (let i = 0; i < sketch; i++) {
      let sum = projected[row * sketch + i]!;
      for (let k = 0; k < i; k++) sum -= factor[i * sketch + k]! * solved[k]!;
      solved[i] = sum / factor[i * sketch + i]!;
      squares += solved[i]! ** 2;
    }
    return squares;
  });
}

/** Rows less their mean, times the directions. */
function project(rows: Float64Array, size: number, directions: Float64Array): Float64Array {
  const count = rows.length / size;
  const sketch = directions.length / size;
  const mean = new Float64Array(size);
  for (let at = 0; at < rows.length; at++) mean[at % size]! += rows[at]! / count;
  const projected = new Float64Array(count * sketch);
  for (let row = 0; row < count; row++) {
    for (let d = 0; d < size; d++) {
      const number = rows[row * size + d]! - mean[d]!;
      for (let i = 0; i < sketch; i++) {
        projected[row * sketch + i]! += number * directions[d * sketch + i]!;
      }
    }
  }
  return projected;
}

function factorOf(gram: Float64Array, size: number): Float64Array {
  let jitter = firstJitter;
  for (let tries = 1; ; tries++) {
    const factor = cholesky(gram, size, jitter);
    if (factor !== null) return factor;
    if (tries === mostTries) return identity(size); // numbers that are not finite: found by the policy
    jitter *= jitterStep;
  }
}

/** The lower triangle L with L Lᵀ = gram + jitter I; null when there is none. */
function cholesky(gram: Float64Array, size: number, jitter: number): Float64Array | null {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = gram[i * size + j]! + (i === j ? jitter : 0);
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!;
      if (i > j) factor[i * size + j] = sum / factor[j * size + j]!;
      else if (sum > 0) factor[i * size + i] = Math.sqrt(sum);
      else return null;
    }
  }
  return factor;
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}
