/** A share is met within so much. */
const tolerance = 0.01;
/** Of long prompts, which take minutes, less is asked. */
const longTolerance = 0.02;
/** What the share is taken to gain per unit of offset before two measurements tell. */
const startSlope = 0.25;
/** Offsets that are searched: scores of a random NAMM are a few units. */
const outermost = 32;
const mostTrials = 12;

/**
 * Prompt lengths to search on, shortest first: a sixteenth, a quarter and all, each as many updates and with
 * eight updates at least, except the last.
 */
export function searchLengths(length: number, updateInterval: number): number[] {
  const shorter = [16, 4].map((part) => {
    return Math.floor(length / part / updateInterval) * updateInterval;
  });
  return [...shorter.filter((part) => part >= 8 * updateInterval), length];
}

/**
 * The offset under which a share is kept. The share grows with the offset, and for one offset it is not the same
 * on prompts of other lengths, but near; so short prompts tell where to begin on longer ones, whose
 * measurements cost most. Between an offset that keeps too little and one that keeps too much the next one lies
 * where the line through both meets the share (regula falsi, halfway when that does not close in); before there
 * are both, where the last slope leads.
 *
 * @param measure the share that is kept under an offset at a length
 * @param lengths shortest first; the last counts
 */
export async function findOffset(
  measure: (offset: number, length: number) => Promise<number>,
  share: number,
  lengths: readonly number[],
): Promise<number> {
  let offset = 0;
  let slope = startSlope;
  for (const length of lengths) {
    const isLong = lengths.length > 1 && length === lengths.at(-1);
    let low = { offset: -outermost, kept: 0, isMeasured: false };
    let high = { offset: outermost, kept: 1, isMeasured: false };
    let step = 1;
    for (let trial = 0; trial < mostTrials; trial++) {
      const kept = await measure(offset, length);
      if (Math.abs(kept - share) <= (isLong ? longTolerance : tolerance)) break;
      const point = { offset, kept, isMeasured: true };
      if (kept < share) low = point;
      else high = point;
      if (low.isMeasured && high.isMeasured) {
        const line = (high.kept - low.kept) / (high.offset - low.offset);
        if (line > 0) slope = line;
        const part = (share - low.kept) / (high.kept - low.kept);
        const inner = trial % 3 === 2 ? 0.5 : Math.min(0.9, Math.max(0.1, part));
        offset = low.offset + inner * (high.offset - low.offset);
      } else {
        // Farther each time, since shares are flat far from the one that is looked for.
        offset += (step * (share - kept)) / slope;
        offset = Math.min(outermost, Math.max(-outermost, offset));
        step *= 2;
      }
    }
  }
  return offset;
}
