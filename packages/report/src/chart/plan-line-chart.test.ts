import { expect, it } from 'vitest';
import type { LineChart } from './line-chart.js';
import { characterWidth, planLineChart } from './plan-line-chart.js';

const chart = (y: number[], more: Partial<LineChart> = {}): LineChart => ({
  ...{ kind: 'lineChart', title: 'A', xLabel: 'generation', yLabel: 'share' },
  series: [{ name: 'a', x: y.map((_, i) => i), y }],
  ...more,
});

it('leaves no label of the y axis cut off', () => {
  const short = planLineChart(chart([1, 2]), 400)!;
  const yLabel = 'a share of the questions that were asked about it';
  const long = planLineChart(chart([1, 2], { yLabel }), 400)!;
  expect(long.height).toBeGreaterThan(short.height);
  expect(long.bottom - long.top).toBeGreaterThanOrEqual(0.9 * characterWidth * yLabel.length);
});

it('shows shares between none and all of them', () => {
  for (const y of [
    [1, 1],
    [0.75, 0.75],
    [0.9, 1],
    [0, 0.2],
  ]) {
    const { yTexts } = planLineChart(chart(y, { yFormat: 'percent' }), 400)!;
    const shown = yTexts.map((text) => Number.parseFloat(text));
    expect(Math.min(...shown)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...shown)).toBeLessThanOrEqual(100);
  }
  const nil = planLineChart(chart([0, 0], { yFormat: 'percent' }), 400)!;
  expect([nil.yTexts[0], nil.yTexts.at(-1)]).toEqual(['0 %', '100 %']);
  const flat = planLineChart(chart([1, 1], { yFormat: 'percent' }), 400)!;
  expect(flat.yTexts[0]).toMatch(/^0/);
});

it('shows nothing but zeros at the floor of a whole unit', () => {
  const { yTexts, y } = planLineChart(chart([0, 0]), 400)!;
  expect([yTexts[0], yTexts.at(-1)]).toEqual(['0', '1']);
  expect(y.ticks[0]).toBe(0);
});
