import type { NormalEquations } from './normal-equations.js';

/** How well weights predict rows that were summed. */
export interface FitQuality {
  /** Mean squared error, over all outputs. */
  readonly error: number;
  /** Pearson's correlation per output; 0 where one side does not vary. */
  readonly correlations: readonly number[];
}

/**
 * Error and correlation of predictions, from the sums alone: held-out rows need not be kept either.
 *
 * @param equations of the rows that are predicted
 * @param weights `[outputs, inputs]`
 */
export function fitQuality(equations: NormalEquations, weights: Float64Array): FitQuality {
  const { inputs, outputs, products, moments, squares, rows } = equations;
  let error = 0;
  const correlations: number[] = [];
  for (let output = 0; output < outputs; output++) {
    const w = weights.subarray(output * inputs, (output + 1) * inputs);
    const b = moments.subarray(output * inputs, (output + 1) * inputs);
    let [predictedSquares, both, sum] = [0, 0, 0];
    for (let i = 0; i < inputs; i++) {
      predictedSquares += w[i]! * w[i]! * products[i * inputs + i]!;
      for (let j = i + 1; j < inputs; j++) {
        predictedSquares += 2 * w[i]! * w[j]! * products[i * inputs + j]!;
      }
      both += w[i]! * b[i]!;
      sum += w[i]! * products[i * inputs + inputs - 1]!;
    }
    const wanted = b[inputs - 1]!; // Σ y, as the last input is 1
    error += (squares[output]! - 2 * both + predictedSquares) / rows / outputs;
    const covariance = both / rows - (sum / rows) * (wanted / rows);
    const variance = predictedSquares / rows - (sum / rows) ** 2;
    const wantedVariance = squares[output]! / rows - (wanted / rows) ** 2;
    const scale = Math.sqrt(Math.max(0, variance) * Math.max(0, wantedVariance));
    correlations.push(scale > 0 ? covariance / scale : 0);
  }
  return { error, correlations };
}
