import type { NormalEquations } from './normal-equations.js';

/** How well weights predict rows that were summed. */
export interface FitQuality {
  /** Mean squared error, over all outputs. */
  readonly error: number;
  /** Pearson's correlation per output; 0 where one side does not vary. */
  readonly correlations: readonly number[];
}

/** Sums of predictions p and wanted values y over some rows. */
interface Sums {
  readonly rows: number;
  readonly p: number;
  readonly y: number;
  readonly pp: number;
  readonly py: number;
  readonly yy: number;
}

/**
 * Error and correlation of predictions, from the sums alone: held-out rows need not be kept either.
 *
 * @param equations of the rows that are predicted
 * @param weights `[outputs, inputs]`
 */
export function fitQuality(equations: NormalEquations, weights: Float64Array): FitQuality {
  const all = sumsOf(equations, weights);
  const errors = all.map(({ rows, pp, py, yy }) => (yy - 2 * py + pp) / rows);
  return {
    error: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    correlations: all.map(correlationOf),
  };
}

/**
 * Correlation over the rows of all outputs of several regressions together: what one threshold over all of them goes by.
 *
 * @param layers the rows that are predicted
 * @param fits weights `[outputs, inputs]` of each
 */
export function pooledCorrelation(
  layers: readonly NormalEquations[],
  fits: readonly { readonly weights: Float64Array }[],
): number {
  const all = layers.flatMap((equations, layer) => sumsOf(equations, fits[layer]!.weights));
  const total = (key: keyof Sums) => all.reduce((sum, each) => sum + each[key], 0);
  const [rows, p, y, pp, py, yy] = (['rows', 'p', 'y', 'pp', 'py', 'yy'] as const).map(total);
  return correlationOf({ rows: rows!, p: p!, y: y!, pp: pp!, py: py!, yy: yy! });
}

function correlationOf({ rows, p, y, pp, py, yy }: Sums): number {
  const covariance = py / rows - (p / rows) * (y / rows);
  const [variance, wanted] = [pp / rows - (p / rows) ** 2, yy / rows - (y / rows) ** 2];
  const scale = Math.sqrt(Math.max(0, variance) * Math.max(0, wanted));
  return scale > 0 ? covariance / scale : 0;
}

function sumsOf(equations: NormalEquations, weights: Float64Array): Sums[] {
  const { inputs, outputs, products, moments, squares, rows } = equations;
  return Array.from({ length: outputs }, (_, output) => {
    const w = weights.subarray(output * inputs, (output + 1) * inputs);
    const b = moments.subarray(output * inputs, (output + 1) * inputs);
    let [p, pp, py] = [0, 0, 0];
    for (let i = 0; i < inputs; i++) {
      pp += w[i]! * w[i]! * products[i * inputs + i]!;
      for (let j = i + 1; j < inputs; j++) pp += 2 * w[i]! * w[j]! * products[i * inputs + j]!;
      py += w[i]! * b[i]!;
      p += w[i]! * products[i * inputs + inputs - 1]!; // the last input is 1
    }
    return { rows, p, y: b[inputs - 1]!, pp, py, yy: squares[output]! };
  });
}
