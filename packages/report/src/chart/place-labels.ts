import { type ChartPlan, characterWidth } from './plan-line-chart.js';

/** A point of a chart, in pixels, and what is to stand beside it. */
export interface LabelledPoint {
  readonly x: number;
  readonly y: number;
  /** Empty for nothing. */
  readonly text: string;
}

/** Where a label is, in pixels. */
export interface PlacedLabel {
  readonly left: number;
  /** Of its height. */
  readonly middle: number;
  readonly width: number;
  /** Whether a line has to lead from the point to it. */
  readonly leads: boolean;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const height = 14;
const gap = 9;
const markerRadius = 4;
/** So many places are tried upwards and downwards. */
const places = 14;

/**
 * Finds room for labels beside their points, from the top down: each takes the place nearest to its point where
 * it covers no point and no other label. Null where a text is empty or has no room.
 */
export function placeLabels(
  points: readonly LabelledPoint[],
  { left, right, top, bottom }: Pick<ChartPlan, 'left' | 'right' | 'top' | 'bottom'>,
): (PlacedLabel | null)[] {
  const taken: Box[] = points.map(({ x, y }) => boxAround(x, y, markerRadius, markerRadius));
  const placed = points.map((): PlacedLabel | null => null);
  const order = points.map((_, i) => i).sort((a, b) => points[a]!.y - points[b]!.y);
  for (const i of order) {
    const { x, y, text } = points[i]!;
    if (text === '') continue;
    const width = text.length * characterWidth;
    for (const { side, away } of candidates) {
      const start = side > 0 ? x + gap : x - gap - width;
      const middle = y + away * height;
      const box = boxAround(start + width / 2, middle, width / 2, height / 2);
      const isInside =
        box.left >= left && box.right <= right && box.top >= top && box.bottom <= bottom;
      if (!isInside || taken.some((other) => overlaps(box, other))) continue;
      taken.push(box);
      placed[i] = { left: start, middle, width, leads: away !== 0 };
      break;
    }
  }
  return placed;
}

/** Right before left, near before far, below before above. */
const candidates = Array.from({ length: places }, (_, away) =>
  [1, -1].flatMap((side) => (away === 0 ? [0] : [away, -away]).map((by) => ({ side, away: by }))),
).flat();

function boxAround(x: number, y: number, halfWidth: number, halfHeight: number): Box {
  return { left: x - halfWidth, right: x + halfWidth, top: y - halfHeight, bottom: y + halfHeight };
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
