import { quantile } from './quantile.js';

/**
 * The median; of an even count the mean of the middle two.
 *
 * @param values at least one number, in any order
 * @throws {InvalidArgumentError} for an empty list
 *
 * @example
 * ```ts
 * median([5, 1, 2, 4]); // 3
 * ```
 */
export function median(values: ArrayLike<number>): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}
