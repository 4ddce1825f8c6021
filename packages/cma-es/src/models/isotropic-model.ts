import type { CovarianceModel, ModelState } from './covariance-model.js';

/** C = I: only the step size adapts. */
export class IsotropicModel implements CovarianceModel {
  readonly path = null;
  readonly isDiagonal = true;
  readonly #dimension: number;

  constructor(dimension: number) {
    this.#dimension = dimension;
  }

  transform(normals: readonly Float64Array[], steps: readonly Float64Array[]): void {
    for (const [index, normal] of normals.entries()) steps[index]!.set(normal);
  }

  whiten(step: Float64Array): Float64Array {
    return step.slice();
  }

  update(): void {}

  variances(target = new Float64Array(this.#dimension)): Float64Array {
    return target.fill(1);
  }

  axisRatio(): number {
    return 1;
  }

  axis(index: number): Float64Array {
    const axis = new Float64Array(this.#dimension);
    axis[index] = 1;
    return axis;
  }

  covariance(): Float64Array {
    const result = new Float64Array(this.#dimension ** 2);
    for (let i = 0; i < this.#dimension; i++) result[i * this.#dimension + i] = 1;
    return result;
  }

  save(): ModelState {
    return {};
  }

  load(): void {}
}
