import { dot } from './models/vector-math.js';
import type { Rates, RatesName } from './rates/rates.js';

/** How the step size follows from the path p_σ. */
export interface StepSizeRule {
  /** ln of the factor of σ. */
  logFactor(path: Float64Array, rates: Rates, generation: number): number;
  /** h_σ: whether the path p_c moves, not while p_σ is long. */
  pathMoves(path: Float64Array, rates: Rates, generation: number): boolean;
  /** n/‖z‖² of candidates with negative weight, with the guard of the implementation that is followed. */
  negativeScale(squaredNorm: number): number;
}

/** 1 − (1 − c_σ)^(2 generations): how much of its variance the path has reached. */
const reached = (rates: Rates, generations: number) =>
  1 - (1 - rates.stepSizePath) ** (2 * generations);

/**
 * Cumulative step-size adaptation: σ ← σ exp((c_σ / d_σ) (‖p_σ‖ / χ_N − 1)), with the differences between
 * the implementations that the rates come from. `generation` counts from 0.
 *
 * @param debiased divides ‖p_σ‖ by what it has reached since it began at zero; without it σ shrinks
 *   at first for no reason, by a factor of 0.74 over 700 generations at 4,172 dimensions
 */
export function cumulativeRule(
  name: RatesName,
  dimension: number,
  debiased: boolean,
): StepSizeRule {
  return {
    logFactor(path, rates, generation) {
      const { stepSizePath, damping, expectedNorm } = rates;
      const bias = debiased ? Math.sqrt(reached(rates, generation + 1)) : 1;
      const norm = Math.sqrt(dot(path, path)) / bias;
      const change = (stepSizePath / damping) * (norm / expectedNorm - 1);
      return name === 'pycma' ? Math.min(1, change) : change;
    },
    pathMoves(path, rates, generation) {
      const squared = dot(path, path);
      if (name === 'pycma') {
        return squared / dimension / reached(rates, generation + 1) < 2 + 4 / (dimension + 1);
      }
      const generations = generation + (name === 'cmaes' ? 2 : 1); // cmaes counts one too many
      const norm = Math.sqrt(squared / reached(rates, generations));
      return norm < (1.4 + 2 / (dimension + 1)) * rates.expectedNorm;
    },
    negativeScale(squaredNorm) {
      if (name === 'pycma') return dimension / (Math.sqrt(squaredNorm) + 1e-9) ** 2;
      if (name === 'cmaes') return dimension / (squaredNorm + 1e-8);
      return squaredNorm === 0 ? 0 : dimension / squaredNorm;
    },
  };
}

/** The rule of LM-MA-ES: σ ← σ exp((c_σ / 2) (‖p_σ‖² / n − 1)). */
export function squaredRule(dimension: number): StepSizeRule {
  return {
    logFactor: (path, rates) => (rates.stepSizePath / 2) * (dot(path, path) / dimension - 1),
    pathMoves: () => true,
    negativeScale: () => 1,
  };
}
