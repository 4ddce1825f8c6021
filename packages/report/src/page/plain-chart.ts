import type { LineChart, Series } from '../chart/line-chart.js';

/** A chart whose lists JSON can hold; what is not finite becomes null there, and a gap again on the page. */
export function plainChart(chart: LineChart): LineChart {
  const plain = ({ lower, upper, ...series }: Series): Series => ({
    ...series,
    x: Array.from(series.x),
    y: Array.from(series.y),
    ...(lower === undefined ? {} : { lower: Array.from(lower) }),
    ...(upper === undefined ? {} : { upper: Array.from(upper) }),
  });
  return { ...chart, series: chart.series.map(plain) };
}
