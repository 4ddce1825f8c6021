import { InvalidArgumentError } from '@namm/core';
import type { LineChart, Series } from './line-chart.js';

/** @throws {InvalidArgumentError} naming the chart, the series and what is wrong with it */
export function checkLineChart(chart: LineChart): void {
  for (const series of chart.series) {
    const problem = problemOf(series);
    if (problem === null) continue;
    const where = `chart ${JSON.stringify(chart.title)}, series ${JSON.stringify(series.name)}`;
    throw new InvalidArgumentError(where, problem);
  }
}

function problemOf({ x, y, lower, upper, labels }: Series): string | null {
  if ((lower === undefined) !== (upper === undefined)) return 'has one end of its interval only';
  for (const [name, values] of Object.entries({ y, lower, upper, labels })) {
    if (values === undefined || values.length === x.length) continue;
    return `${name} has ${values.length} ${name === 'labels' ? 'texts' : 'numbers'} for the ${x.length} of x`;
  }
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i])) return `x[${i}] is ${x[i]}`;
    if (i > 0 && x[i]! < x[i - 1]!) return `x falls at ${i}, from ${x[i - 1]} to ${x[i]}`;
  }
  return null;
}
