import { InvalidArgumentError } from '@namm/core/portable';
import { symmetricEigen } from '../linear-algebra/symmetric-eigen.js';
import type { CovarianceModel, CovarianceUpdate, ModelState } from './covariance-model.js';
import { dot, movePath, pathGain } from './vector-math.js';

/**
 * C in full with its eigendecomposition, in double precision. A is the symmetric root of C, so that
 * neither signs nor order of the eigenvectors show in the samples.
 *
 * The decomposition is renewed when C has changed noticeably: every 1 / (10 n (c_1 + c_μ)) generations.
 */
export class EigenModel implements CovarianceModel {
  readonly path: Float64Array;
  readonly isDiagonal = false;
  readonly #n: number;
  readonly #matrix: Float64Array;
  #vectors: Float64Array;
  /** Square roots of the eigenvalues, ascending. */
  #roots: Float64Array;
  /** Smallest eigenvalue as it was computed. */
  #smallest = 0;
  /** Updates since the decomposition. */
  #age = 0;

  /** @param covariance n × n, symmetric and positive definite */
  constructor(covariance: Float64Array, dimension: number) {
    this.#n = dimension;
    this.path = new Float64Array(dimension);
    this.#matrix = covariance.slice();
    this.#vectors = new Float64Array(0);
    this.#roots = new Float64Array(0);
    this.#decompose();
    if (!(this.#smallest > 0)) {
      throw new InvalidArgumentError('covariance', 'is not positive definite');
    }
  }

  #decompose(): void {
    const { values, vectors } = symmetricEigen(this.#matrix, this.#n);
    this.#smallest = values[0]!;
    // Rounding may leave a value at or below zero when the condition nears 1e16; the run stops then.
    const floor = values[this.#n - 1]! * 1e-16;
    this.#roots = values.map((value) => Math.sqrt(Math.max(value, floor)));
    this.#vectors = vectors;
    this.#age = 0;
  }

  /** result = B f(D) Bᵀ z. */
  #apply(z: Float64Array, factor: (root: number) => number, result: Float64Array): void {
    const n = this.#n;
    const b = this.#vectors;
    const inner = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const value = z[i]!;
      for (let j = 0; j < n; j++) inner[j] = inner[j]! + b[i * n + j]! * value;
    }
    for (let j = 0; j < n; j++) inner[j] = inner[j]! * factor(this.#roots[j]!);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += b[i * n + j]! * inner[j]!;
      result[i] = sum;
    }
  }

  transform(normals: readonly Float64Array[], steps: readonly Float64Array[]): void {
    for (const [index, normal] of normals.entries()) {
      this.#apply(normal, (root) => root, steps[index]!);
    }
  }

  whiten(step: Float64Array): Float64Array {
    const normal = new Float64Array(this.#n);
    this.#apply(step, (root) => 1 / root, normal);
    return normal;
  }

  /** C ← (1 − c_1' − c_μ Σ w) C + c_1 p_c p_cᵀ + c_μ Σ w° y yᵀ (equation 47 of the tutorial). */
  update(update: CovarianceUpdate): void {
    const { step, normals, weights, meanStep, pathMoves, rates, negativeScale } = update;
    const { covariancePath: c, rankOne, rankMu } = rates;
    movePath(this.path, c, pathMoves ? pathGain(c, rates.effectiveParents) : 0, meanStep);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const decay = 1 - rankOne * (pathMoves ? 1 : 1 - c * (2 - c)) - rankMu * total;
    const n = this.#n;
    const matrix = this.#matrix;
    for (let at = 0; at < matrix.length; at++) matrix[at] = decay * matrix[at]!;
    this.#addOuter(rankOne, this.path);
    for (const [rank, normal] of normals.entries()) {
      let weight = rankMu * weights[rank]!;
      if (weight < 0) weight *= negativeScale(dot(normal, normal));
      if (weight !== 0) this.#addOuter(weight, step(rank));
    }
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) matrix[j * n + i] = matrix[i * n + j]!;
    }
    this.#age++;
    if (this.#age * 10 * n * (rankOne + rankMu) >= 1) this.#decompose();
  }

  /** C += weight · v vᵀ, lower triangle. */
  #addOuter(weight: number, v: Float64Array): void {
    const n = this.#n;
    const matrix = this.#matrix;
    for (let i = 0; i < n; i++) {
      const factor = weight * v[i]!;
      const row = i * n;
      for (let j = 0; j <= i; j++) matrix[row + j] = matrix[row + j]! + factor * v[j]!;
    }
  }

  variances(target = new Float64Array(this.#n)): Float64Array {
    for (let i = 0; i < this.#n; i++) target[i] = this.#matrix[i * this.#n + i]!;
    return target;
  }

  axisRatio(): number {
    return this.#roots[this.#n - 1]! / this.#roots[0]!;
  }

  axis(index: number): Float64Array {
    const root = this.#roots[index]!;
    return Float64Array.from(
      { length: this.#n },
      (_, i) => root * this.#vectors[i * this.#n + index]!,
    );
  }

  covariance(): Float64Array {
    return this.#matrix.slice();
  }

  save(): ModelState {
    return {
      path: this.path,
      matrix: this.#matrix,
      vectors: this.#vectors,
      roots: this.#roots,
      age: Float64Array.of(this.#age),
    };
  }

  load(state: ModelState): void {
    this.path.set(state.path!);
    this.#matrix.set(state.matrix!);
    this.#vectors.set(state.vectors!);
    this.#roots.set(state.roots!);
    this.#age = state.age![0]!;
  }
}
