import { findChromium } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LineChart, reportPage, type Table } from '../src/index.js';
import { type OpenHtml, openHtml } from './open-html.js';

const generations = Array.from({ length: 50 }, (_, i) => i);
const fitness: LineChart = {
  kind: 'lineChart',
  title: 'Fitness',
  description: 'Band: 95 % interval.',
  xLabel: 'generation',
  yLabel: 'score',
  series: [
    { name: 'best', x: generations, y: generations.map((i) => (i === 7 ? Number.NaN : i / 50)) },
    {
      name: 'mean',
      x: Float64Array.from(generations),
      y: Float64Array.from(generations, (i) => i / 100),
      lower: generations.map((i) => i / 100 - 0.1),
      upper: generations.map((i) => i / 100 + 0.1),
    },
    { name: 'full cache', x: [0, 49], y: [0.9, 0.9], dashed: true },
  ],
};
const sigma: LineChart = {
  kind: 'lineChart',
  title: 'Step size',
  xLabel: 'generation',
  yLabel: 'sigma',
  yScale: 'log',
  series: [{ name: 'sigma', x: generations, y: generations.map((i) => 0.5 * 0.9 ** i) }],
};
const scores: Table = {
  kind: 'table',
  title: 'Scores',
  columns: [{ name: 'policy' }, { name: 'score', format: 'percent' }],
  rows: [
    ['<b>h2o</b>', { estimate: 0.29, lower: 0.1, upper: 0.45 }],
    ['full', 0.97],
    ['namm', null],
    ['Z9', 0.05],
    ['Z10', -0.5],
  ],
};

describe.skipIf(findChromium() === null)('a report page', () => {
  let page: OpenHtml;
  const textsOf = (selector: string) =>
    page.evaluate(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.textContent)`,
    );
  beforeAll(async () => {
    const text = {
      kind: 'text' as const,
      heading: 'What',
      paragraphs: ['One <i>run</i>.', 'Two.'],
    };
    const parts = [text, fitness, sigma, scores];
    page = await openHtml(reportPage({ title: '</title><script>hacked=1</script>', parts }));
    await page.resize(900, 800);
  });
  afterAll(() => page?.close());

  it('shows texts, titles, legends and cells as they are', async () => {
    expect(await page.evaluate('document.title')).toBe('</title><script>hacked=1</script>');
    expect(await textsOf('section p')).toEqual(['One <i>run</i>.', 'Two.']);
    expect(await textsOf('figcaption')).toEqual(['Fitness', 'Step size', 'Scores']);
    expect(await textsOf('[data-chart="0"] .legend li')).toEqual(['best', 'mean', 'full cache']);
    expect(await textsOf('tbody td:first-child')).toEqual(scores.rows.map(([name]) => name));
    expect(await page.evaluate('typeof hacked')).toBe('undefined');
  });

  it('draws charts as wide as they have room', async () => {
    const widths = `[...document.querySelectorAll('.plot')].map((plot) =>
      [plot.clientWidth, plot.querySelector('svg').getBoundingClientRect().width])`;
    for (const width of [900, 420]) {
      await page.resize(width, 800);
      for (const [room, drawn] of (await page.evaluate(widths)) as [number, number][]) {
        expect(drawn).toBe(room);
        expect(drawn).toBeLessThan(width);
        expect(drawn).toBeGreaterThan(0.8 * Math.min(width, 800) - 40);
      }
      const { scrollWidth } = (await page.evaluate(
        '({ scrollWidth: document.documentElement.scrollWidth })',
      )) as { scrollWidth: number };
      expect(scrollWidth).toBeLessThanOrEqual(width);
    }
  });

  it('reads points out under the pointer and the arrow keys', async () => {
    await page.hover('[data-chart="0"] .plot');
    const [readout] = (await textsOf('[data-chart="0"] .readout')) as string[];
    const at = Number(/^generation (\d+) · /.exec(readout!)![1]);
    expect(readout).toContain(`best: ${at / 50}`);
    expect(readout).toContain('mean: ');
    expect(readout).not.toContain('full cache'); // it has no point there
    await page.evaluate(`document.querySelector('[data-chart="1"] .plot').focus()`);
    await page.press('ArrowRight');
    await page.press('ArrowRight');
    expect(await textsOf('[data-chart="1"] .readout')).toEqual(['generation 1 · sigma: 0.45']);
    const line = `document.querySelector('[data-chart="0"] .chart .line').getAttribute('d').split('M').length`;
    expect(await page.evaluate(line)).toBe(3); // the gap cuts the first curve in two
  });

  it('sorts a table by any column, what is missing last', async () => {
    const click = (column: number) =>
      page.evaluate(`document.querySelectorAll('th button')[${column}].click()`);
    await click(1);
    expect(await textsOf('tbody td:first-child')).toEqual([
      'Z10',
      'Z9',
      '<b>h2o</b>',
      'full',
      'namm',
    ]);
    await click(1);
    expect(await textsOf('tbody td:first-child')).toEqual([
      'full',
      '<b>h2o</b>',
      'Z9',
      'Z10',
      'namm',
    ]);
    await click(0);
    expect(await textsOf('tbody td:first-child')).toEqual([
      '<b>h2o</b>',
      'full',
      'namm',
      'Z9',
      'Z10',
    ]);
    const sorted = `[...document.querySelectorAll('th')].map((head) => head.ariaSort)`;
    expect(await page.evaluate(sorted)).toEqual(['ascending', null]);
  });

  it('has the first number beside the names in sight on a phone', async () => {
    const score = { estimate: 50, lower: 41.67, upper: 58.33 };
    const table: Table = {
      ...{ kind: 'table', title: 'Run' },
      columns: ['task', 'policy', 'budget', 'score', 'strict', 'prompts'].map((name) => ({ name })),
      rows: [['single-document 768', 'sink-recent', '100%', score, score, 192]],
    };
    const phone = await openHtml(reportPage({ title: 'Run', parts: [table] }));
    try {
      await phone.resize(390, 844);
      const end = await phone.evaluate(
        `document.querySelector('td.number').getBoundingClientRect().right - document.querySelector('.scroll').getBoundingClientRect().right`,
      );
      expect(end).toBeLessThanOrEqual(0);
    } finally {
      await phone.close();
    }
  });

  it('asks for nothing but itself, and nothing goes wrong', () => {
    expect(page.requests).toEqual([page.address]);
    expect(page.errors).toEqual([]);
  });
});
