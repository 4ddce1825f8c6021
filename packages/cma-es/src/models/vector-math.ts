import type { CovarianceModel } from './covariance-model.js';

/** Σ a_i b_i. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Whether no number is NaN or infinite. */
export function allFinite(vector: Float64Array): boolean {
  for (let i = 0; i < vector.length; i++) if (!Number.isFinite(vector[i])) return false;
  return true;
}

/** target += factor · vector. */
export function addScaled(target: Float64Array, factor: number, vector: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + factor * vector[i]!;
}

/** path ← (1 − c) path + gain · step, the form of all evolution paths. */
export function movePath(path: Float64Array, rate: number, gain: number, step: Float64Array): void {
  for (let i = 0; i < path.length; i++) path[i] = (1 - rate) * path[i]! + gain * step[i]!;
}

/** √(c (2 − c) μ_eff): keeps the variance of a path under neutral selection. */
export function pathGain(rate: number, effectiveParents: number): number {
  return Math.sqrt(rate * (2 - rate) * effectiveParents);
}

/** C of a model that only transforms: A Aᵀ from the images of the unit vectors. */
export function covarianceOf(
  dimension: number,
  model: Pick<CovarianceModel, 'transform'>,
): Float64Array {
  const units = Array.from({ length: dimension }, (_, i) => {
    const unit = new Float64Array(dimension);
    unit[i] = 1;
    return unit;
  });
  const columns = units.map(() => new Float64Array(dimension));
  model.transform(units, columns);
  const result = new Float64Array(dimension * dimension);
  for (const column of columns) {
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j < dimension; j++) {
        const at = i * dimension + j;
        result[at] = result[at]! + column[i]! * column[j]!;
      }
    }
  }
  return result;
}
