import { formatApart } from '../format-number.js';
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
  /** What stands at the ticks. */
  readonly xTexts: readonly string[];
  readonly yTexts: readonly string[];
  /** The label of the x axis, in as many lines as it needs. */
  readonly xLabel: readonly string[];
}

/** Of a 12-pixel font, generously. */
export const characterWidth = 7;

const usualHeight = 230;
/** Of a chart whose points have labels. */
const labelledHeight = 400;
const lineHeight = 15;

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
  const isShare = chart.yFormat === 'percent' && ys[0] >= 0 && ys[1] <= 1;
  const padded = isLog
    ? padLog(ys)
    : padLinear(ys, chart.yFormat === 'bytes' || (isShare && ys[0] === ys[1]));
  const [yLow, yHigh] = isShare ? [Math.max(0, padded[0]), Math.min(1, padded[1])] : padded;

  const isLabelled = chart.series.some(({ labels }) => labels !== undefined);
  const xLabel = wrap(chart.xLabel, (width - 60) / characterWidth);
  // The label beside the y axis is as long as the axis at most.
  const around = 12 + 27 + lineHeight * xLabel.length;
  const labelled = around + Math.ceil(0.93 * characterWidth * chart.yLabel.length);
  const height = Math.max(isLabelled ? labelledHeight : usualHeight, labelled);
  const [top, bottom] = [12, height - 27 - lineHeight * xLabel.length];
  const ySpan = bottom - top;
  const y = (isLog ? logScale : linearScale)(yLow, yHigh, ySpan, 6);
  const yTexts = formatApart(y.ticks, chart.yFormat);
  const left = 28 + characterWidth * Math.max(1, ...yTexts.map(({ length }) => length));
  const right = width - 16;
  const ticks = Math.max(2, Math.min(8, (right - left) / 70));
  const x = linearScale(xLow, xHigh, right - left, ticks, countsX(chart) ? 1 : 0);
  const xTexts = formatApart(x.ticks);
  return { width, height, left, right, top, bottom, x, y, xTexts, yTexts, xLabel };
}

/** Whether x is a number of something: then there is nothing between two whole numbers. */
function countsX({ series }: LineChart): boolean {
  return series.every(({ x }) => Array.prototype.every.call(x, Number.isInteger));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
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
  if (low === 0 && high === 0) return [0, 1]; // nothing but zeros: no axis of hundredths above them
  const from = low >= 0 && (fromZero || low < 0.6 * high) ? 0 : low;
  const room = high - from || Math.abs(high) || 1;
  return [from === 0 ? 0 : from - 0.04 * room, high + 0.04 * room];
}

function padLog([low, high]: Range): Range {
  return high / low < 1.1 ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
}
