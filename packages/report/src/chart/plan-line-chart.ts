import { formatNumber } from '../format-number.js';
import type { LineChart } from './line-chart.js';
import { linearScale, logScale, type Scale } from './scale.js';

/** Where things are in a drawn chart, in pixels from its top left corner. */
export interface ChartPlan {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly x: Scale;
  /** From the bottom upwards. */
  readonly y: Scale;
}

const characterWidth = 7; // of a 12-pixel font, generously

/** Lays a chart out for a width; null when it has no point to show. */
export function planLineChart(chart: LineChart, width: number): ChartPlan | null {
  const isLog = chart.yScale === 'log';
  const xs = rangeOf(chart.series.map(({ x }) => x));
  const ys = rangeOf(
    chart.series.flatMap(({ y, lower, upper }) => [y, lower ?? [], upper ?? []]),
    isLog ? (value) => value > 0 : undefined,
  );
  if (xs === null || ys === null) return null;
  const [xLow, xHigh] = xs[0] === xs[1] ? [xs[0] - 0.5, xs[1] + 0.5] : xs;
  const [yLow, yHigh] = isLog ? padLog(ys) : padLinear(ys, chart.yFormat === 'bytes');

  const height = 230;
  const [top, bottom] = [12, height - 42];
  const ySpan = bottom - top;
  const y = (isLog ? logScale : linearScale)(yLow, yHigh, ySpan, 6);
  const labels = y.ticks.map((tick) => formatNumber(tick, chart.yFormat).length);
  const left = 28 + characterWidth * Math.max(1, ...labels);
  const right = width - 16;
  const x = linearScale(xLow, xHigh, right - left, Math.max(2, Math.min(8, (right - left) / 70)));
  return { width, height, left, right, top, bottom, x, y };
}

type Range = [low: number, high: number];

function rangeOf(
  lists: readonly ArrayLike<number>[],
  counts: (value: number) => boolean = () => true,
): Range | null {
  const range: Range = [Infinity, -Infinity];
  for (const values of lists) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value) || !counts(value)) continue;
      if (value < range[0]) range[0] = value;
      if (value > range[1]) range[1] = value;
    }
  }
  return range[0] <= range[1] ? range : null;
}

/** From zero where that costs little room, and always for bytes: a curve near the floor shall mean little. */
function padLinear([low, high]: Range, fromZero: boolean): Range {
  const from = low >= 0 && (fromZero || low < 0.6 * high) ? 0 : low;
  const room = high - from || Math.abs(high) || 1;
  return [from === 0 ? 0 : from - 0.04 * room, high + 0.04 * room];
}

function padLog([low, high]: Range): Range {
  return high / low < 1.1 ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
}
