/** With more, neighbours look alike. */
const mostSteps = 6;

/**
 * From which count on a token is shaded how darkly: the least count of each step, ascending. A step is twice
 * the one below it, because most counts are low where much is evicted; the last is all.
 *
 * @param whole how many there are to hold a token
 *
 * @example
 * ```ts
 * shadeSteps(8); // [1, 2, 4, 8]
 * ```
 */
export function shadeSteps(whole: number): number[] {
  const steps = new Set<number>();
  for (let part = whole; part > 1 && steps.size < mostSteps - 1; part = Math.ceil(part / 2)) {
    steps.add(part);
  }
  return [...steps.add(1)].sort((a, b) => a - b);
}

/** One of the shades 0 … 10 of the style sheet: 0 for no holder, 10 for all. */
export function shadeOf(count: number, steps: readonly number[]): number {
  const step = steps.findLastIndex((least) => count >= least);
  return Math.ceil((10 * (step + 1)) / steps.length);
}

/** What each step says in a legend: `1`, `2–3`, `4–7`, `all 8`. */
export function describeSteps(steps: readonly number[]): string[] {
  return steps.map((least, i) => {
    if (i === steps.length - 1) return least === 1 ? 'held' : `all ${least}`;
    const most = steps[i + 1]! - 1;
    return most === least ? String(least) : `${least}–${most}`;
  });
}
