import type { Series } from './line-chart.js';

/**
 * Indices of the points that have to be drawn so that a curve looks the same at this width: of each pixel
 * column the first, the last, and the extremes of the curve and of its interval.
 *
 * @param column the pixel column of a value of x, never falling with x
 */
export function thinPoints(
  { x, y, lower, upper }: Series,
  width: number,
  column: (x: number) => number,
): number[] {
  const all = Array.from({ length: x.length }, (_, i) => i);
  if (x.length <= 2 * width) return all;
  const drawn = new Set<number>();
  for (let start = 0; start < x.length; ) {
    let end = start + 1;
    const place = Math.floor(column(x[start]!));
    while (end < x.length && Math.floor(column(x[end]!)) === place) end++;
    const extremes = [start, end - 1];
    for (const values of [y, lower, upper]) {
      if (values !== undefined) extremes.push(...extremesOf(values, start, end));
    }
    for (const index of extremes) drawn.add(index);
    start = end;
  }
  return [...drawn].sort((a, b) => a - b);
}

/** Where the lowest and the highest finite value are, and the first gap. */
function extremesOf(values: ArrayLike<number>, start: number, end: number): number[] {
  let [low, high, gap] = [-1, -1, -1];
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) gap = gap < 0 ? i : gap;
    else {
      if (low < 0 || value < values[low]!) low = i;
      if (high < 0 || value > values[high]!) high = i;
    }
  }
  return [low, high, gap].filter((index) => index >= 0);
}
