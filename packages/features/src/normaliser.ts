/**
 * Frozen statistics that normalise features to mean 0 and variance 1. Part of every NAMM checkpoint: its scorer is
 * useless without them.
 */
export interface Normaliser {
  /**
   * `[features]`: one mean and variance per feature for all heads, as published; these can be moved to other models. Or
   * `[layers, heads, features]`: one per KV head; these cannot.
   */
  readonly shape: readonly number[];
  readonly mean: Float32Array;
  /** Population variance. */
  readonly variance: Float32Array;
  /** Number of tokens behind each mean and variance: one number, or `[layers, heads]`. */
  readonly count: Float64Array;
}

/**
 * What is wrong with a normaliser, or null.
 *
 * @param features how many features it has to have
 *
 * @example
 * ```ts
 * const one = { shape: [1], mean: Float32Array.of(2), variance: Float32Array.of(0), count: Float64Array.of(9) };
 * findNormaliserProblem(one, 1); // 'the variance of feature 0 is 0 …'
 * ```
 */
export function findNormaliserProblem(
  { shape, mean, variance, count }: Normaliser,
  features: number,
): string | null {
  const sizes = shape.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!sizes || (shape.length !== 1 && shape.length !== 3) || shape.at(-1) !== features) {
    return `shape [${shape}] is neither [${features}] nor [layers, heads, ${features}]`;
  }
  const numbers = shape.reduce((product, size) => product * size, 1);
  if (mean.length !== numbers || variance.length !== numbers) {
    const given = `${mean.length} means and ${variance.length} variances`;
    return `shape [${shape}] needs ${numbers} means and variances, not ${given}`;
  }
  if (count.length !== numbers / features) {
    return `${count.length} counts where ${numbers / features} are needed`;
  }
  const badCount = count.findIndex((value) => !(value >= 1 && value < Number.POSITIVE_INFINITY));
  if (badCount >= 0) return `the count ${count[badCount]} is not a number of tokens`;
  for (let i = 0; i < numbers; i++) {
    const where = `feature ${i % features}${shape.length === 1 ? '' : ` of head ${Math.floor(i / features)}`}`;
    if (!Number.isFinite(mean[i])) return `the mean of ${where} is ${mean[i]}`;
    if (!(variance[i]! > 0) || !Number.isFinite(variance[i])) {
      return `the variance of ${where} is ${variance[i]}, not a finite number above 0`;
    }
  }
  return null;
}
