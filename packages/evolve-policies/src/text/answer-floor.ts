/** A known policy: the share that it keeps, and how much it answers. */
export interface KnownPolicy {
  readonly share: number;
  readonly answers: number;
}

/**
 * How much can be answered with a share of the cache without learning: by the best of the known policies, or by
 * mixtures of two, of which one reads some prompts and the other the rest. An empty cache, which answers nothing, is
 * always included.
 *
 * @param share between 0 and 1
 * @param known known policies, including the full cache at share 1
 * @returns the upper hull of the known policies at that share
 * @example
 * ```ts
 * answerFloor(0.25, [{ share: 1, answers: 0.8 }]); // 0.2: the full cache for a quarter of the prompts
 * ```
 */
export function answerFloor(share: number, known: readonly KnownPolicy[]): number {
  const points = [{ share: 0, answers: 0 }, ...known];
  let floor = 0;
  for (const low of points) {
    if (low.share === share) floor = Math.max(floor, low.answers);
    for (const high of points) {
      if (!(low.share < share && share < high.share)) continue;
      const part = (share - low.share) / (high.share - low.share);
      floor = Math.max(floor, (1 - part) * low.answers + part * high.answers);
    }
  }
  return floor;
}
