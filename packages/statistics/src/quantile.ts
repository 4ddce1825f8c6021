import { InvalidArgumentError } from '@namm/core/portable';

/**
 * The quantile of sorted numbers with linear interpolation between neighbours (R's type 7, NumPy's
 * default).
 *
 * @param sorted at least one number, ascending
 * @param probability from 0 to 1
 * @throws {InvalidArgumentError} for an empty list or a probability out of range
 *
 * @example
 * ```ts
 * quantile([1, 2, 3, 4], 0.25); // 1.75
 * ```
 */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  if (sorted.length === 0) throw new InvalidArgumentError('sorted', 'is empty');
  if (!(probability >= 0 && probability <= 1)) {
    throw new InvalidArgumentError('probability', `${probability} is not from 0 to 1`);
  }
  const rank = probability * (sorted.length - 1);
  const lower = sorted[Math.floor(rank)]!;
  const upper = sorted[Math.ceil(rank)]!;
  if (lower === upper) return lower; // also keeps infinities from becoming NaN
  return lower + (upper - lower) * (rank - Math.floor(rank));
}
