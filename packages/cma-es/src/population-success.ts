/** What the rule remembers from one generation to the next. */
export interface SuccessState {
  /** Costs of the generation before, ascending; null before there was one. */
  readonly previous: Float64Array | null;
  /** s: how much more often than aimed at candidates are better than those of the generation before. */
  readonly smoothed: number;
}

/** z*, c and d of the paper. */
const target = 0.25;
const rate = 0.3;
const damping = 1;

/**
 * Over all pairs of a new and an old candidate, the mean of sign(old − new) − z*, where equal ones count nothing: they
 * say nothing about σ. Both lists ascending; lower is better.
 */
export function excessSuccess(costs: Float64Array, previous: Float64Array): number {
  let sum = 0;
  let better = 0; // previous ones that are better
  let upTo = 0; // and those that are better or equal
  for (const cost of costs) {
    while (better < previous.length && previous[better]! < cost) better++;
    while (upTo < previous.length && previous[upTo]! <= cost) upTo++;
    const worse = previous.length - upTo;
    sum += worse - better - target * (worse + better);
  }
  return sum / (costs.length * previous.length);
}

/**
 * The population success rule of LM-CMA (Loshchilov, "LM-CMA: an alternative to L-BFGS for large-scale black box
 * optimization", 2017): σ grows while the candidates of a generation are better than those of the one before, and
 * shrinks where they are not. A path p_σ says little in thousands of dimensions of which selection acts on one.
 *
 * It compares fitness across generations, so it needs one that does not change in between, and has little noise:
 * where every generation is as good as the last, σ shrinks by e^−0.25 each time.
 */
export function afterGeneration(
  state: SuccessState,
  costs: Float64Array,
): SuccessState & { readonly logFactor: number } {
  const sorted = costs.slice().sort();
  if (!state.previous) return { previous: sorted, smoothed: 0, logFactor: 0 };
  const excess = excessSuccess(sorted, state.previous);
  const smoothed = (1 - rate) * state.smoothed + rate * excess;
  return { previous: sorted, smoothed, logFactor: smoothed / damping };
}
