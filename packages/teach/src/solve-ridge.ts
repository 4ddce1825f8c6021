import type { NormalEquations } from './normal-equations.js';
import { TeachError } from './teach-error.js';

/** A pivot that is smaller, as a part of its diagonal, is rounding and nothing else. */
const leastPivot = 1e-13;

/**
 * Ridge regression in closed form: the weights w that minimise Σ (y − w·x)² + λ Σᵢ w²ᵢ Σ x²ᵢ, so that the scale of an
 * input does not matter. The constant, which is the last input, is not penalised.
 *
 * @param equations of the rows
 * @param lambda strength, at least 0
 * @returns `[outputs, inputs]`
 * @throws {TeachError} when inputs are linearly dependent, or numbers are not finite
 */
export function solveRidge(equations: NormalEquations, lambda: number): Float64Array {
  const { inputs, outputs, moments } = equations;
  const factor = choleskyFactor(equations, lambda);
  const weights = new Float64Array(outputs * inputs);
  for (let output = 0; output < outputs; output++) {
    const w = weights.subarray(output * inputs, (output + 1) * inputs);
    for (let i = 0; i < inputs; i++) {
      let sum = moments[output * inputs + i]!;
      for (let k = 0; k < i; k++) sum -= factor[i * inputs + k]! * w[k]!;
      w[i] = sum / factor[i * inputs + i]!;
    }
    for (let i = inputs - 1; i >= 0; i--) {
      let sum = w[i]!;
      for (let k = i + 1; k < inputs; k++) sum -= factor[k * inputs + i]! * w[k]!;
      w[i] = sum / factor[i * inputs + i]!;
    }
  }
  if (!weights.every(Number.isFinite)) throw new TeachError('its weights are not finite');
  return weights;
}

/** The lower triangle L with L Lᵀ = Σ x xᵀ + λ diag. */
function choleskyFactor({ inputs, products }: NormalEquations, lambda: number): Float64Array {
  const factor = new Float64Array(inputs * inputs);
  for (let i = 0; i < inputs; i++) {
    const diagonal = products[i * inputs + i]! * (i < inputs - 1 ? 1 + lambda : 1);
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? diagonal : products[j * inputs + i]!;
      for (let k = 0; k < j; k++) sum -= factor[i * inputs + k]! * factor[j * inputs + k]!;
      if (i > j) factor[i * inputs + j] = sum / factor[j * inputs + j]!;
      else if (sum > leastPivot * diagonal) factor[i * inputs + i] = Math.sqrt(sum);
      else {
        const which = Number.isFinite(sum)
          ? `input ${i} follows from the others`
          : `input ${i} is not finite`;
        throw new TeachError(which, { input: i, lambda });
      }
    }
  }
  return factor;
}
