import { InvalidArgumentError } from '@namm/core/portable';
import { cholesky } from './linear-algebra/cholesky.js';
import { finiteNumbers } from './options.js';

/** Points that were evaluated before, on this problem or one like it. */
export interface KnownSolution {
  readonly parameters: ArrayLike<number>;
  readonly fitness: number;
}

/** How a warm start reads known solutions. */
export interface WarmStartOptions {
  /** @defaultValue 'minimise' */
  readonly goal?: 'minimise' | 'maximise';
  /** Share of the solutions, the best ones, that the start is made from (γ). @defaultValue 0.1 */
  readonly share?: number;
  /** Deviation added around each of them (α). @defaultValue 0.1 */
  readonly smoothing?: number;
}

/** Options of a strategy. */
export interface WarmStart {
  readonly mean: Float64Array;
  readonly sigma: number;
  readonly covariance: Float64Array;
}

/**
 * Where to start from what is known: mean, sigma and covariance of the best known solutions, smoothed (WS-CMA-ES;
 * Nomura, Watanabe, Akimoto, Ozaki and Onishi, "Warm starting CMA-ES for hyperparameter optimization", 2021).
 * Solutions whose fitness is not finite are left out.
 *
 * @throws {InvalidArgumentError} for no usable solution, different lengths, or options out of range
 *
 * @example
 * ```ts
 * const strategy = new CmaEs({ ...warmStart(known), seed: 1 });
 * ```
 */
export function warmStart(
  solutions: readonly KnownSolution[],
  { goal = 'minimise', share = 0.1, smoothing = 0.1 }: WarmStartOptions = {},
): WarmStart {
  if (!(share > 0 && share <= 1)) {
    throw new InvalidArgumentError('share', `${share} is not above 0 and at most 1`);
  }
  if (!(smoothing > 0 && smoothing < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError('smoothing', `${smoothing} is not a finite number above 0`);
  }
  const usable = solutions.filter(({ fitness }) => Number.isFinite(fitness));
  if (usable.length === 0) throw new InvalidArgumentError('solutions', 'none has a finite fitness');
  const sign = goal === 'minimise' ? 1 : -1;
  const sorted = usable.sort((a, b) => sign * (a.fitness - b.fitness));
  const n = sorted[0]!.parameters.length;
  const best = sorted
    .slice(0, Math.max(1, Math.floor(share * sorted.length)))
    .map(({ parameters }) => finiteNumbers('solutions', parameters, n));

  const mean = new Float64Array(n);
  for (const point of best) {
    for (let i = 0; i < n; i++) mean[i] = mean[i]! + point[i]! / best.length;
  }
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (const point of best) sum += (point[i]! - mean[i]!) * (point[j]! - mean[j]!);
      covariance[i * n + j] = sum / best.length + (i === j ? smoothing * smoothing : 0);
    }
  }
  // sigma² = det(C)^(1/n), so that the covariance that is left has determinant 1
  const lower = cholesky(covariance, n);
  let logarithm = 0;
  for (let i = 0; i < n; i++) logarithm += Math.log(lower[i * n + i]!) / n;
  const sigma = Math.exp(logarithm);
  return { mean, sigma, covariance: covariance.map((value) => value / (sigma * sigma)) };
}
