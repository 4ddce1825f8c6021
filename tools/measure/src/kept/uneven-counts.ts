/** What a head keeps over what the head before it keeps, unless it cannot keep that much. */
const step = 4;

/**
 * Divides `total` kept rows among heads very unevenly: each wants {@link step} times as many rows as the
 * one before. Heads that would keep more than there is keep everything, and the others share the rest in
 * the same way.
 *
 * @param length rows that each head holds, at least `total / heads`
 */
export function unevenCounts(heads: number, length: number, total: number): number[] {
  const counts = new Array<number>(heads).fill(length);
  let left = total;
  for (let unfilled = heads; unfilled > 0; unfilled--) {
    // The head that wants most among those not yet full.
    const weights = (step ** unfilled - 1) / (step - 1);
    const share = (left * step ** (unfilled - 1)) / weights;
    if (share <= length) {
      for (let head = 0; head < unfilled; head++) {
        counts[head] = Math.floor((left * step ** head) / weights);
      }
      counts[unfilled - 1]! += total - counts.reduce((sum, count) => sum + count);
      return counts;
    }
    left -= length;
  }
  return counts;
}
