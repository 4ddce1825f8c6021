/**
 * Interval that holds the median of a distribution with a probability of about 95 %, from a sample of it, whatever
 * the distribution: between two order statistics, by the normal approximation of their binomial ranks.
 *
 * @param sorted ascending; with fewer than 6 values no interval has that probability, and the range is given
 */
export function medianInterval(sorted: ArrayLike<number>): [number, number] {
  const count = sorted.length;
  const half = (1.96 * Math.sqrt(count)) / 2;
  const low = Math.max(1, Math.floor(count / 2 - half)); // ranks from 1 on
  const high = Math.min(count, Math.ceil(1 + count / 2 + half));
  return [sorted[low - 1]!, sorted[high - 1]!];
}
