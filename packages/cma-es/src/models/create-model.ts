import { InvalidArgumentError } from '@namm/core/portable';
import type { RatesName } from '../rates/rates.js';
import type { CovarianceModel } from './covariance-model.js';
import { EigenModel } from './eigen-model.js';
import { IsotropicModel } from './isotropic-model.js';
import { LimitedMemoryModel } from './limited-memory-model.js';
import { MatrixAdaptationModel, type Precision } from './matrix-adaptation-model.js';
import { SeparableModel } from './separable-model.js';

/** Shape of the search distribution. */
export type DistributionShape = 'full' | 'sep' | 'iso' | 'lm-ma';

/** How the full model keeps C. */
export type Factor = 'eigen' | 'matrix-adaptation';

/** A model with everything that was left to choose chosen. */
export interface ModelChoice {
  readonly model: DistributionShape;
  readonly factor: Factor;
  readonly precision: Precision;
}

/** Dimensions up to which the automatic choice takes the costlier alternative. */
const largestEigen = 200;
const largestFull = 500;
const largestDouble = 1000;
/** Above it an eigendecomposition would take many minutes, whoever asks for it. */
const mostEigen = 3000;

/**
 * The automatic choice: `full` up to 500 dimensions, `sep` above; `full` by eigendecomposition up to 200
 * dimensions and by matrix adaptation above, in double precision up to 1,000 and in single above.
 */
export function chooseModel(
  dimension: number,
  given: { model?: DistributionShape | 'auto'; factor?: Factor; precision?: Precision },
): ModelChoice {
  const automatic = dimension <= largestFull ? 'full' : 'sep';
  return {
    model: given.model === undefined || given.model === 'auto' ? automatic : given.model,
    factor: given.factor ?? (dimension <= largestEigen ? 'eigen' : 'matrix-adaptation'),
    precision: given.precision ?? (dimension <= largestDouble ? 'double' : 'single'),
  };
}

function identity(n: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = 1;
  return matrix;
}

/**
 * @param covariance where C starts, n × n row-major; null for the identity
 * @param clipped candidates are moved onto bounds: what they show then has no axis that `lm-ma` could follow closely
 *   enough, so it does without its two
 */
export function createModel(
  { model, factor, precision }: ModelChoice,
  dimension: number,
  rates: RatesName,
  covariance: Float64Array | null,
  clipped = false,
): CovarianceModel {
  if (covariance && (model === 'iso' || model === 'lm-ma')) {
    throw new InvalidArgumentError('covariance', `the model '${model}' cannot start from one`);
  }
  if (model === 'iso') return new IsotropicModel(dimension);
  if (model === 'lm-ma') return new LimitedMemoryModel(dimension, !clipped);
  if (model === 'sep') {
    const variances = Float64Array.from({ length: dimension }, (_, i) =>
      covariance ? covariance[i * dimension + i]! : 1,
    );
    return new SeparableModel(variances, rates === 'pycma' ? 'exponential' : 'additive');
  }
  if (factor === 'eigen') {
    if (dimension > mostEigen) {
      const limit = `an eigendecomposition takes up to ${mostEigen} dimensions, not ${dimension}`;
      throw new InvalidArgumentError('factor', `${limit}; use 'matrix-adaptation'`);
    }
    return new EigenModel(covariance ?? identity(dimension), dimension);
  }
  return new MatrixAdaptationModel(dimension, precision, covariance);
}
