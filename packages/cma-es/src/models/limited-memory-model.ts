import { AxisPair } from './axis-pair.js';
import type { CovarianceModel, CovarianceUpdate, ModelState } from './covariance-model.js';
import { addScaled, covarianceOf, dot, movePath, pathGain } from './vector-math.js';

/**
 * LM-MA-ES (Loshchilov, Glasmachers and Beyer, "Large scale black-box optimization by limited-memory matrix
 * adaptation", 2019): A is a product of 4 + ⌊3 ln n⌋ rank-one corrections of the identity along smoothed
 * directions of progress, O(n log n) per candidate. With the steps before those, A z = P_m … P_1 F z,
 *
 * - P_j = (1 − c_j) I + c_j m_j m_jᵀ, c_j = 1 / (1.5^(j−1) n): the published part, and
 * - F, a long and a short axis ({@link AxisPair}), which is ours: the P_j alone have not learned the one axis of a
 *   cigar in 1,000 dimensions after 600,000 evaluations, and they can lengthen axes but not shorten one, as a discus
 *   needs. The m_j stay orthogonal to the long axis, so that the two do not learn the same.
 */
export class LimitedMemoryModel implements CovarianceModel {
  readonly path = null;
  readonly isDiagonal = false;
  readonly #n: number;
  readonly #withAxes: boolean;
  readonly #axes: AxisPair;
  readonly #directions: readonly Float64Array[];
  /** How many directions are in use: one more with each generation. */
  #active = 0;

  /** @param withAxes false leaves F at the identity: the published strategy */
  constructor(dimension: number, withAxes = true) {
    this.#n = dimension;
    this.#withAxes = withAxes;
    this.#axes = new AxisPair(dimension);
    const count = 4 + Math.floor(3 * Math.log(dimension));
    this.#directions = Array.from({ length: count }, () => new Float64Array(dimension));
  }

  #rate(j: number): number {
    return 1 / (1.5 ** j * this.#n);
  }

  transform(normals: readonly Float64Array[], steps: readonly Float64Array[]): void {
    for (const [index, normal] of normals.entries()) {
      const step = steps[index]!;
      this.#axes.transform(normal, step);
      for (let j = 0; j < this.#active; j++) {
        const rate = this.#rate(j);
        const direction = this.#directions[j]!;
        movePath(step, rate, rate * dot(direction, step), direction);
      }
    }
  }

  whiten(step: Float64Array): Float64Array {
    const normal = step.slice();
    for (let j = this.#active - 1; j >= 0; j--) {
      // ((1 − c) I + c m mᵀ)⁻¹ y = (y − c m (mᵀ y) / (1 − c + c mᵀ m)) / (1 − c), by Sherman and Morrison
      const rate = this.#rate(j);
      const m = this.#directions[j]!;
      const factor = (rate * dot(m, normal)) / (1 - rate + rate * dot(m, m));
      for (let i = 0; i < normal.length; i++) {
        normal[i] = (normal[i]! - factor * m[i]!) / (1 - rate);
      }
    }
    this.#axes.whiten(normal, normal);
    return normal;
  }

  update(update: CovarianceUpdate): void {
    const { meanNormal, normals, rates } = update;
    if (this.#withAxes) this.#axes.update(update);
    const { long } = this.#axes;
    for (const [j, direction] of this.#directions.entries()) {
      const rate = Math.min(1, normals.length / (4 ** j * this.#n));
      movePath(direction, rate, pathGain(rate, rates.effectiveParents), meanNormal);
      addScaled(direction, -dot(direction, long), long);
    }
    this.#active = Math.min(this.#active + 1, this.#directions.length);
  }

  variances(): null {
    return null;
  }

  axisRatio(): null {
    return null;
  }

  axis(): null {
    return null;
  }

  covariance(): Float64Array {
    return covarianceOf(this.#n, this);
  }

  save(): ModelState {
    const directions = new Float64Array(this.#n * this.#directions.length);
    for (const [j, direction] of this.#directions.entries()) directions.set(direction, j * this.#n);
    return { directions, active: Float64Array.of(this.#active), ...this.#axes.save() };
  }

  load(state: ModelState): void {
    const { directions, active } = state;
    for (const [j, direction] of this.#directions.entries()) {
      direction.set(directions!.subarray(j * this.#n, (j + 1) * this.#n));
    }
    this.#active = active![0]!;
    this.#axes.load(state);
  }
}
