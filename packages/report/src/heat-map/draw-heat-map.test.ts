import { describe, expect, it } from 'vitest';
import { reportPage } from '../report-page.js';
import { toHtml } from '../to-html.js';
import { drawHeatMap } from './draw-heat-map.js';
import type { HeatMap } from './heat-map.js';

const map: HeatMap = {
  ...{ kind: 'heatMap', title: 'Needle <1>', xLabel: 'tokens', yLabel: 'depth' },
  ...{ columns: ['1024', '2048', '4096'], rows: ['0 %', '100 %'], range: [0, 100] },
  values: [
    [0, 20, 39.9],
    [100, null, 60],
  ],
  notes: [
    ['n = 1', 'n = 2', ''],
    ['', '', ''],
  ],
};

describe('drawHeatMap', () => {
  it('gives each number its step, its text and its tooltip', () => {
    const html = toHtml(drawHeatMap(map));
    const cells = [
      ...html.matchAll(/<g class="cell ([^"]*)"><title>([^<]*)<\/title>.*?<text[^>]*>([^<]*)</g),
    ].map(([, look, tip, text]) => [look, tip, text]);
    expect(cells).toEqual([
      ['step-0', 'tokens 1024, depth 0 %: 0.0 (n = 1)', '0.0'],
      ['step-1', 'tokens 2048, depth 0 %: 20.0 (n = 2)', '20.0'],
      ['step-1', 'tokens 4096, depth 0 %: 39.9', '39.9'],
      ['step-4', 'tokens 1024, depth 100 %: 100.0', '100.0'],
      ['none', 'tokens 2048, depth 100 %: nothing', '–'],
      ['step-3', 'tokens 4096, depth 100 %: 60.0', '60.0'],
    ]);
    expect(html).toContain('Needle &lt;1&gt;');
    expect(html).toContain('means of columns: 1024 50.0, 2048 20.0, 4096 50.0; of rows: 0 % 20.0');
    expect(html.match(/ to /g)).toHaveLength(5);
  });

  it('stands beside its neighbours, and is refused when it does not fit its names', () => {
    const page = reportPage({ title: 'Two', parts: [map, map] });
    expect(page.match(/<div class="charts"><figure class="heat-figure">/g)).toHaveLength(1);
    expect(page.match(/<figure class="heat-figure">/g)).toHaveLength(2);
    expect(() => drawHeatMap({ ...map, rows: ['0 %'] })).toThrow(/2 rows for 1 names/);
    expect(() => drawHeatMap({ ...map, columns: ['a', 'b'] })).toThrow(/row of 3 for 2 columns/);
    expect(() => drawHeatMap({ ...map, notes: [[], []] })).toThrow(/row of 0/);
    expect(() => drawHeatMap({ ...map, range: [1, 1] })).toThrow(/no range/);
  });
});
