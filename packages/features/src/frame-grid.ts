import { hop, tailSize } from './stft.js';

/**
 * Rows that await the end of their frame after `seen` queries: the 16 that the next frame shares with the last one, and
 * all rows since.
 *
 * @example
 * ```ts
 * pendingRows(512); // 16
 * pendingRows(515); // 19
 * ```
 */
export function pendingRows(seen: number): number {
  return tailSize + (seen % hop);
}

/**
 * Frames that end within the next `queries` queries. The grid of frames is absolute: frame f ends with
 * query 16 f + 15 of the sequence.
 *
 * @example
 * ```ts
 * completedFrames(500, 30); // 2: those that end with queries 511 and 527
 * ```
 */
export function completedFrames(seen: number, queries: number): number {
  return Math.floor(((seen % hop) + queries) / hop);
}

/**
 * How many of the last rows of a pass the frames after it need.
 *
 * @param seen queries of the sequence before the pass
 * @param queries of the pass
 * @returns at most `queries`
 */
export function returnedRows(seen: number, queries: number): number {
  return Math.min(queries, pendingRows(seen + queries));
}

/**
 * The weight of each of `frames` new frames in the moving average, oldest first: (1 − g) g^(frames − 1 − f) with g =
 * γ^16. The old average has the weight g^frames.
 *
 * @param decay γ, per query
 */
export function frameWeights(frames: number, decay: number): Float64Array {
  const perFrame = decay ** hop;
  return Float64Array.from(
    { length: frames },
    (_, frame) => (1 - perFrame) * perFrame ** (frames - 1 - frame),
  );
}

/**
 * Slots whose tokens were born when a row of a pass was computed. The newest tokens were born one with
 * each of the pass's last queries; so of `slots` after the pass, row `row` knows these.
 */
export function bornSlots(slots: number, oldSlots: number, queries: number, row: number): number {
  return Math.max(oldSlots, slots - queries + row + 1);
}
