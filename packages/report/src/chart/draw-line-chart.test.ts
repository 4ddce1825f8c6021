import { InvalidArgumentError } from '@namm/core';
import { describe, expect, it } from 'vitest';
import type { PageElement, PageNode } from '../element.js';
import { checkLineChart } from './check-line-chart.js';
import { drawLineChart, seriesLooks } from './draw-line-chart.js';
import type { LineChart, Series } from './line-chart.js';
import { planLineChart } from './plan-line-chart.js';

const chartOf = (series: readonly Series[], more: Partial<LineChart> = {}): LineChart => ({
  kind: 'lineChart',
  title: 'a title',
  xLabel: 'time',
  yLabel: 'level',
  series,
  ...more,
});

function* elements(node: PageNode, name: string): Generator<PageElement> {
  if (typeof node === 'string') return;
  if (node.attributes.class === name) yield node;
  for (const child of node.children) yield* elements(child, name);
}

/** The numbers of a path, run by run. */
function pathsOf(drawn: PageElement, name: string): number[][][] {
  return [...elements(drawn, name)].map(({ attributes }) =>
    String(attributes.d)
      .split(/M|Z/)
      .filter(Boolean)
      .map((run) => run.split(/[L ]/).map(Number)),
  );
}

describe('drawLineChart', () => {
  it('puts points where the axes say, and breaks the line at gaps', () => {
    const chart = chartOf([{ name: 'a', x: [0, 1, 2, 4], y: [0, 10, Number.NaN, 5] }]);
    const plan = planLineChart(chart, 400)!;
    const at = (x: number, y: number) => [
      plan.left + plan.x.toPixels(x),
      plan.bottom - plan.y.toPixels(y),
    ];
    const [[first, second, ...none]] = pathsOf(drawLineChart(chart, 400), 'line') as [number[][]];
    const expected = [[...at(0, 0), ...at(1, 10)], at(4, 5)];
    expect(none).toEqual([]);
    for (const [i, run] of [first!, second!].entries()) {
      expect(run).toHaveLength(expected[i]!.length);
      for (const [j, pixel] of run.entries()) expect(pixel).toBeCloseTo(expected[i]![j]!, 0);
    }
    expect([...elements(drawLineChart(chart, 400), 'marker')]).toHaveLength(3);
  });

  it('draws an interval as an outline, there and back', () => {
    const series = { name: 'a', x: [0, 1, 2], y: [2, 3, 4], lower: [1, 2, 3], upper: [3, 4, 5] };
    const [[outline]] = pathsOf(drawLineChart(chartOf([series]), 400), 'band') as [number[][]];
    expect(outline).toHaveLength(12);
    const [x, upper, lower] = [outline![0], outline![1]!, outline![11]!];
    expect(outline![10]).toBe(x);
    expect(upper).toBeLessThan(lower); // pixels count downwards
  });

  it('draws bars for intervals and names beside points where these have labels', () => {
    const interval = { lower: [1, 2], upper: [3, 4] };
    const series = { name: 'a', x: [0, 1], y: [2, 3], ...interval, labels: ['first', ''] };
    const drawn = drawLineChart(chartOf([series]), 400);
    expect([...elements(drawn, 'band')]).toEqual([]);
    const [bars] = pathsOf(drawn, 'bar');
    expect(bars).toHaveLength(2);
    for (const [x, upper, end, lower] of bars!) {
      expect(end).toBe(x);
      expect(upper).toBeLessThan(lower!); // pixels count downwards
    }
    expect([...elements(drawn, 'name')].map(({ children }) => children)).toEqual([['first']]);
  });

  it('has no half generations and no two ticks that look alike', () => {
    const ticks = (y: readonly number[]) => {
      const plan = planLineChart(chartOf([{ name: 'a', x: [1, 2, 3, 4, 5], y }]), 900)!;
      return [plan.xTexts, plan.yTexts] as const;
    };
    const [x, y] = ticks([0.049999, 0.049998, 0.049997, 0.049996, 0.049995]);
    expect(x).toEqual(['1', '2', '3', '4', '5']);
    expect(y.length).toBeGreaterThan(2);
    expect(new Set(y).size).toBe(y.length);
  });

  it('tells every series apart by colour, shape or dots', () => {
    const series = Array.from({ length: 20 }, (_, i) => ({ name: `${i}`, x: [0], y: [i] }));
    const looks = seriesLooks(series).map(({ name, marker }) => `${name} ${marker}`);
    expect(new Set(looks).size).toBe(20);
  });

  it('breaks a long name of the x axis into lines', () => {
    const xLabel = 'keys and values when the questions are asked, % of the full cache';
    const plan = planLineChart(chartOf([{ name: 'a', x: [0, 1], y: [0, 1] }], { xLabel }), 320)!;
    expect(plan.xLabel.length).toBeGreaterThan(1);
    expect(plan.xLabel.join(' ')).toBe(xLabel);
  });

  it('leaves out of a logarithmic chart what it cannot show', () => {
    const chart = chartOf([{ name: 'a', x: [0, 1, 2], y: [1, 0, 100] }], { yScale: 'log' });
    const [runs] = pathsOf(drawLineChart(chart, 400), 'line');
    expect(runs).toHaveLength(2);
    expect(runs!.flat().every(Number.isFinite)).toBe(true);
  });

  it.each<[string, readonly Series[]]>([
    ['no series', []],
    ['no points', [{ name: 'a', x: [], y: [] }]],
    ['nothing finite', [{ name: 'a', x: [1], y: [Number.NaN] }]],
  ])('says so when there is nothing: %s', (_, series) => {
    expect(drawLineChart(chartOf(series), 300).children).toEqual(['There are no numbers to show.']);
  });

  it.each<[string, Series]>([
    ['one point', { name: 'a', x: [3], y: [7] }],
    ['one value', { name: 'a', x: [0, 1], y: [0, 0] }],
    ['tiny numbers', { name: 'a', x: [0, 1], y: [1e-300, 2e-300] }],
    ['negative numbers', { name: 'a', x: [-5, -1], y: [-1e9, -1] }],
  ])('finds room for %s', (_, series) => {
    for (const yScale of ['linear', 'log'] as const) {
      const positive = { ...series, y: Array.from(series.y, Math.abs) };
      const chart = chartOf([yScale === 'log' ? positive : series], { yScale });
      for (const runs of pathsOf(drawLineChart(chart, 240), 'line').flat()) {
        for (const pixel of runs) {
          expect(pixel).toBeGreaterThanOrEqual(0);
          expect(pixel).toBeLessThanOrEqual(240);
        }
      }
    }
  });
});

describe('checkLineChart', () => {
  it.each<[string, Series, string]>([
    ['lists of different lengths', { name: 'a', x: [0, 1], y: [1] }, 'y has 1 numbers for the 2'],
    [
      'labels for other points',
      { name: 'a', x: [0], y: [1], labels: [] },
      'labels has 0 texts for',
    ],
    ['an x that is not finite', { name: 'a', x: [Infinity], y: [1] }, 'x[0] is Infinity'],
    ['an x that falls', { name: 'a', x: [1, 0], y: [1, 1] }, 'x falls at 1'],
    ['half an interval', { name: 'a', x: [1], y: [1], lower: [1] }, 'has one end'],
  ])('refuses %s', (_, series, message) => {
    const refused = () => checkLineChart(chartOf([series]));
    expect(refused).toThrow(InvalidArgumentError);
    expect(refused).toThrow(`chart "a title", series "a": ${message}`);
  });
});
