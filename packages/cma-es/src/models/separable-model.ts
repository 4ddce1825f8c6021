import type { CovarianceModel, CovarianceUpdate, ModelState } from './covariance-model.js';
import { dot, movePath, pathGain } from './vector-math.js';

/** Smallest variance, where the additive update would reach zero or less. */
const smallestVariance = 1e-16;

/**
 * C is diagonal: O(n) per candidate.
 *
 * Two updates: `exponential`, pycma's `CMA_diagonal`, multiplies the deviations and keeps p_c in z's space;
 * `additive` is the update of the full matrix, of which only the diagonal is kept (Ros and Hansen 2008).
 */
export class SeparableModel implements CovarianceModel {
  readonly path: Float64Array;
  readonly isDiagonal = true;
  readonly #deviations: Float64Array;
  readonly #exponential: boolean;
  /** Of an update: the same memory serves all of them. */
  readonly #sums: Float64Array;

  constructor(variances: Float64Array, form: 'exponential' | 'additive') {
    this.path = new Float64Array(variances.length);
    this.#deviations = variances.map(Math.sqrt);
    this.#exponential = form === 'exponential';
    this.#sums = new Float64Array(variances.length);
  }

  transform(normals: readonly Float64Array[], steps: readonly Float64Array[]): void {
    const deviations = this.#deviations;
    for (let index = 0; index < normals.length; index++) {
      const [normal, step] = [normals[index]!, steps[index]!];
      for (let i = 0; i < step.length; i++) step[i] = deviations[i]! * normal[i]!;
    }
  }

  whiten(step: Float64Array): Float64Array {
    return step.map((value, i) => value / this.#deviations[i]!);
  }

  update(update: CovarianceUpdate): void {
    if (this.#exponential) this.#multiply(update);
    else this.#add(update);
  }

  /** D ← D exp(½ ln 2 (c_1 p_c² + c_μ Σ w z² − c_1 − c_μ Σ w)), element by element. */
  #multiply({ normals, weights, meanNormal, pathMoves, rates }: CovarianceUpdate): void {
    const { path } = this;
    const { covariancePath: c, rankMu } = rates;
    const gain = pathMoves ? pathGain(c, rates.effectiveParents) : 0;
    movePath(path, c, gain, meanNormal);
    const rankOne = rates.rankOne * (pathMoves ? 1 : 1 - c * (2 - c));
    const squares = this.#sums;
    for (let i = 0; i < squares.length; i++) squares[i] = rankOne * path[i]! * path[i]!;
    let total = rankOne;
    for (const [rank, normal] of normals.entries()) {
      const weight = rankMu * weights[rank]!;
      total += weight;
      for (let i = 0; i < squares.length; i++) {
        squares[i] = squares[i]! + weight * normal[i]! * normal[i]!;
      }
    }
    const deviations = this.#deviations;
    for (let i = 0; i < squares.length; i++) {
      deviations[i] = deviations[i]! * Math.exp((Math.LN2 / 2) * (squares[i]! - total));
    }
  }

  #add(update: CovarianceUpdate): void {
    const { step: stepOf, normals, weights, meanStep, pathMoves, rates, negativeScale } = update;
    const { path } = this;
    const { covariancePath: c, rankOne, rankMu } = rates;
    const gain = pathMoves ? pathGain(c, rates.effectiveParents) : 0;
    movePath(path, c, gain, meanStep);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const decay = 1 - rankOne * (pathMoves ? 1 : 1 - c * (2 - c)) - rankMu * total;
    const variances = this.#sums;
    for (let i = 0; i < path.length; i++) {
      variances[i] = decay * this.#deviations[i]! * this.#deviations[i]! + rankOne * path[i]! ** 2;
    }
    for (const [rank, normal] of normals.entries()) {
      let weight = rankMu * weights[rank]!;
      if (weight === 0) continue;
      if (weight < 0) weight *= negativeScale(dot(normal, normal));
      const step = stepOf(rank);
      for (let i = 0; i < step.length; i++) variances[i] = variances[i]! + weight * step[i]! ** 2;
    }
    for (let i = 0; i < variances.length; i++) {
      this.#deviations[i] = Math.sqrt(Math.max(variances[i]!, smallestVariance));
    }
  }

  variances(target = new Float64Array(this.#deviations.length)): Float64Array {
    for (let i = 0; i < target.length; i++) target[i] = this.#deviations[i]! ** 2;
    return target;
  }

  axisRatio(): number {
    let smallest = Number.POSITIVE_INFINITY;
    let largest = 0;
    const deviations = this.#deviations;
    for (let i = 0; i < deviations.length; i++) {
      smallest = Math.min(smallest, deviations[i]!);
      largest = Math.max(largest, deviations[i]!);
    }
    return largest / smallest;
  }

  axis(index: number): Float64Array {
    const axis = new Float64Array(this.#deviations.length);
    axis[index] = this.#deviations[index]!;
    return axis;
  }

  covariance(): Float64Array {
    const n = this.#deviations.length;
    const result = new Float64Array(n * n);
    for (let i = 0; i < n; i++) result[i * n + i] = this.#deviations[i]! ** 2;
    return result;
  }

  save(): ModelState {
    return { path: this.path, deviations: this.#deviations };
  }

  load(state: ModelState): void {
    this.path.set(state.path!);
    this.#deviations.set(state.deviations!);
  }
}
