/** Candidates from best to worst, with the weights that they get. */
export interface Ranking {
  /** Indices of the candidates, best first; equal ones in the order of their indices. */
  readonly order: readonly number[];
  /** Weight of each in the covariance update, in that order; equal candidates share theirs. */
  readonly weights: readonly number[];
  /** Weight of each in the mean: the same of the positive weights alone. */
  readonly meanWeights: readonly number[];
  /** By how much sharing raises the effective number of parents, Σ w² / Σ w'² of the positive weights: 1 without ties. */
  readonly sharing: number;
}

const squares = (weights: readonly number[]) =>
  weights.reduce((sum, weight) => sum + weight ** 2, 0);

/** Averages the weights of ranks whose costs are equal. */
function shareAmongTies(weights: readonly number[], sorted: readonly number[]): number[] {
  const shared = [...weights];
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    if (end - start > 1) {
      const sum = weights.slice(start, end).reduce((total, weight) => total + weight, 0);
      shared.fill(sum / (end - start), start, end);
    }
    start = end;
  }
  return shared;
}

/**
 * Ranks by cost, lower being better; Infinity stands for a failed evaluation. Nothing depends on the order
 * in which results came in.
 *
 * @param weights by rank, best first
 */
export function rank(costs: ArrayLike<number>, weights: readonly number[]): Ranking {
  const order = Array.from({ length: costs.length }, (_, index) => index);
  // Infinity − Infinity is not a number, so the costs are compared instead of subtracted
  order.sort((a, b) => (costs[a]! < costs[b]! ? -1 : costs[a]! > costs[b]! ? 1 : a - b));
  const sorted = order.map((index) => costs[index]!);
  const positive = weights.map((weight) => Math.max(0, weight));
  const meanWeights = shareAmongTies(positive, sorted);
  return {
    order,
    weights: shareAmongTies(weights, sorted),
    meanWeights,
    sharing: squares(positive) / squares(meanWeights),
  };
}
