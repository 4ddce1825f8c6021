import type { LineChart } from '../chart/line-chart.js';
import { formatNumber } from '../format-number.js';

/** In words, what the curves that have a point at this x say there. */
export function readPoint({ series, xLabel, yFormat }: LineChart, x: number): string {
  const write = (value: number) => formatNumber(value, yFormat);
  const values: string[] = [];
  for (const { name, x: xs, y, lower, upper } of series) {
    const i = Array.prototype.lastIndexOf.call(xs, x); // of several the last: how it ended
    if (i < 0 || !Number.isFinite(y[i])) continue;
    const interval = lower && upper ? ` (${write(lower[i]!)} to ${write(upper[i]!)})` : '';
    values.push(`${name}: ${write(y[i]!)}${interval}`);
  }
  return [`${xLabel} ${formatNumber(x)}`, ...values].join(' · ');
}
