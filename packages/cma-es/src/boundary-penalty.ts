import { type Bounds, clip } from './bounds.js';

/** Input of the penalty from one generation. */
export interface PenaltyInput {
  /** Unclipped candidates. */
  readonly points: readonly Float64Array[];
  /** Costs (lower is better), without penalty; Infinity for failures. */
  readonly costs: Float64Array;
  readonly mean: Float64Array;
  readonly sigma: number;
  /** Diagonal of C in the coordinates of the points. */
  readonly variances: Float64Array;
  readonly effectiveParents: number;
}

function interquartileRange(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return at(0.75) - at(0.25);
}

/**
 * Adaptive quadratic penalty for points outside a box: Σ γ_i (x_i − clip(x)_i)² / (n ξ_i), where ξ_i compensates for
 * different deviations, and γ_i grows while the mean is far outside (Hansen, Niederberger, Guzzella and Koumoutsakos,
 * IEEE Transactions on Evolutionary Computation 13, 2009).
 */
export class BoundaryPenalty {
  readonly weights: Float64Array;
  /** Interquartile ranges of the costs of late generations, over σ² and the mean variance. */
  readonly ranges: number[] = [];
  #set = false;
  readonly #bounds: Bounds;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.weights = new Float64Array(bounds.lower.length);
  }

  /** Updates the penalty with a generation and returns each candidate's penalty. */
  penalties(input: PenaltyInput): Float64Array {
    this.#adapt(input);
    const { points, variances } = input;
    const n = variances.length;
    const logs = variances.map(Math.log);
    const meanLog = logs.reduce((sum, value) => sum + value, 0) / n;
    const scales = logs.map((value) => Math.exp(0.9 * (value - meanLog)));
    return Float64Array.from(points, (point) => {
      const inside = clip(point, this.#bounds);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        sum += (this.weights[i]! * (point[i]! - inside[i]!) ** 2) / scales[i]!;
      }
      return sum / n;
    });
  }

  #adapt({ costs, mean, sigma, variances, effectiveParents, points }: PenaltyInput): void {
    const n = mean.length;
    const meanVariance = variances.reduce((sum, value) => sum + value, 0) / n;
    const finite = Array.from(costs).filter(Number.isFinite);
    if (finite.length > 1) {
      const spread = interquartileRange(finite) / (sigma ** 2 * meanVariance);
      if (spread > 0 && Number.isFinite(spread)) this.ranges.push(spread);
      const longest = Math.floor(20 + (3 * n) / points.length);
      if (this.ranges.length > longest) this.ranges.shift();
    }
    const inside = clip(mean, this.#bounds);
    const outside = mean.some((value, i) => value !== inside[i]);
    if (!outside || this.ranges.length === 0) return;
    if (!this.#set) {
      const sorted = [...this.ranges].sort((a, b) => a - b);
      this.weights.fill(2 * sorted[sorted.length >> 1]!);
      this.#set = true;
    }
    const growth = 1.1 ** Math.max(1, effectiveParents / (10 * n));
    const far = 3 * sigma * Math.max(1, Math.sqrt(n) / effectiveParents);
    for (let i = 0; i < n; i++) {
      const distance = Math.abs(mean[i]! - inside[i]!);
      if (distance > far * Math.sqrt(variances[i]!)) this.weights[i] = this.weights[i]! * growth;
    }
  }

  save(): { readonly weights: Float64Array; readonly ranges: Float64Array } {
    return { weights: this.weights, ranges: Float64Array.from(this.ranges) };
  }

  load({ weights, ranges }: { weights: Float64Array; ranges: Float64Array }): void {
    this.weights.set(weights);
    this.ranges.push(...ranges);
    this.#set = weights.some((weight) => weight !== 0);
  }
}
