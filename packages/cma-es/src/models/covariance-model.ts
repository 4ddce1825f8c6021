import type { Rates } from '../rates/rates.js';

/** What a generation teaches about the covariance matrix. Candidates are listed best first. */
export interface CovarianceUpdate {
  /** y_i = A z_i of a candidate: to be read before the next call, which may write over it. */
  readonly step: (rank: number) => Float64Array;
  /** z_i of each candidate. */
  readonly normals: readonly Float64Array[];
  /** w_i of each candidate; negative ones are not normalised yet. */
  readonly weights: readonly number[];
  /** Σ w_i y_i over the positive weights. */
  readonly meanStep: Float64Array;
  /** Σ w_i z_i over the positive weights. */
  readonly meanNormal: Float64Array;
  /** h_σ: false stops the path p_c while the step size grows fast. */
  readonly pathMoves: boolean;
  readonly rates: Rates;
  /** What n/‖z‖² of a negative weight is (implementations guard it differently). */
  readonly negativeScale: (squaredNorm: number) => number;
}

/** Arrays of a model's state by name; a model owns the shapes. */
export type ModelState = Readonly<Record<string, Float64Array | Float32Array>>;

/**
 * The shape of the search distribution: a matrix A with C = A Aᵀ. All vectors have one number per
 * dimension.
 */
export interface CovarianceModel {
  /** Whether A is diagonal, so that y = A z costs no more than reading it: no y is stored then. */
  readonly isDiagonal: boolean;
  /** Writes y_i = A z_i into `steps`. The same z gives the same y until the next update. */
  transform(normals: readonly Float64Array[], steps: readonly Float64Array[]): void;
  /** z with A z = y, for points that were not drawn. */
  whiten(step: Float64Array): Float64Array;
  update(update: CovarianceUpdate): void;
  /** The path p_c, or null where the model has none; in y's space, or in z's where the model says so. */
  readonly path: Float64Array | null;
  /**
   * Diagonal of C, or null where it is not known without O(n²) work per entry.
   *
   * @param target where to write it, new memory if left out
   */
  variances(target?: Float64Array): Float64Array | null;
  /** Square root of C's condition number; a lower bound where the model says so; null when unknown. */
  axisRatio(): number | null;
  /** Principal axis `index` with the length of its deviation, or null where there is none at hand. */
  axis(index: number): Float64Array | null;
  /** C, n × n row-major. */
  covariance(): Float64Array;
  save(): ModelState;
  /** Takes a state that {@link save} gave for the same dimension; the arrays are copied. */
  load(state: ModelState): void;
}
