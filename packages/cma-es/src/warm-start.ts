import {
  checkNames,
  checkNumber,
  InvalidArgumentError,
  numberList,
  shown,
} from '@namm/core/portable';
import { cholesky } from './linear-algebra/cholesky.js';
import { oneOf } from './one-of.js';
import { warmStartAliases } from './option-names.js';

/** A point that was evaluated before, on this problem or a similar one. */
export interface KnownSolution {
  readonly parameters: ArrayLike<number>;
  readonly fitness: number;
}

/** How a warm start reads known solutions. */
export interface WarmStartOptions {
  /** @defaultValue 'minimise' */
  readonly goal?: 'minimise' | 'maximise';
  /** Share of the solutions, from the best down, that the start is computed from (γ). @defaultValue 0.1 */
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

/** Copies of the solutions, all of one length; NaN as a fitness says that the evaluation failed. */
function readSolutions(solutions: readonly KnownSolution[]) {
  if (!Array.isArray(solutions)) {
    throw new InvalidArgumentError('solutions', `${shown(solutions)} is not a list of solutions`);
  }
  let length: number | undefined;
  return Array.from(solutions as readonly (KnownSolution | undefined)[], (solution, index) => {
    const name = `solutions[${index}]`;
    if (typeof solution?.fitness !== 'number') {
      const problem = `has the fitness ${shown(solution?.fitness)}; { parameters, fitness } is needed`;
      throw new InvalidArgumentError(name, problem);
    }
    const demand = length === undefined ? {} : { length };
    const parameters = numberList(`${name}.parameters`, solution.parameters, demand);
    if (parameters.length === 0) throw new InvalidArgumentError(name, 'has no parameters');
    length = parameters.length;
    return { parameters, fitness: solution.fitness };
  });
}

/**
 * Computes a start from known solutions: smoothed mean, sigma and covariance of the best ones (WS-CMA-ES; Nomura,
 * Watanabe, Akimoto, Ozaki and Onishi, "Warm starting CMA-ES for hyperparameter optimization", 2021). Solutions whose
 * fitness is not finite are left out.
 *
 * @param solutions all with the same number of parameters
 * @param options which of them count, and how much to smooth
 * @returns options of {@link CmaEs}: spread them, and add a seed
 * @throws {InvalidArgumentError} if no solution is usable, lengths differ, or options are out of range
 *
 * @example
 * ```ts
 * const strategy = new CmaEs({ ...warmStart(known), seed: 1 });
 * ```
 */
export function warmStart(
  solutions: readonly KnownSolution[],
  options: WarmStartOptions = {},
): WarmStart {
  checkNames('warmStart', options, ['goal', 'share', 'smoothing'], warmStartAliases);
  const { share = 0.1, smoothing = 0.1 } = options;
  const goal = oneOf('goal', options.goal, ['minimise', 'maximise'], 'minimise');
  checkNumber('share', share, (value) => value > 0 && value <= 1, 'above 0 and at most 1');
  const isDeviation = (value: number) => value > 0 && value < Number.POSITIVE_INFINITY;
  checkNumber('smoothing', smoothing, isDeviation, 'a finite number above 0');
  const read = readSolutions(solutions);
  const usable = read.filter(({ fitness }) => Number.isFinite(fitness));
  if (usable.length === 0) throw new InvalidArgumentError('solutions', 'none has a finite fitness');
  const sign = goal === 'minimise' ? 1 : -1;
  const sorted = usable.sort((a, b) => sign * (a.fitness - b.fitness));
  const n = sorted[0]!.parameters.length;
  const best = sorted
    .slice(0, Math.max(1, Math.floor(share * sorted.length)))
    .map(({ parameters }) => parameters);

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
