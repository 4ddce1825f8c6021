import { InvalidArgumentError } from '@namm/core/portable';

/**
 * The arithmetic mean.
 *
 * @throws {InvalidArgumentError} for an empty list
 *
 * @example
 * ```ts
 * mean([1, 2, 6]); // 3
 * ```
 */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) throw new InvalidArgumentError('values', 'is empty');
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
