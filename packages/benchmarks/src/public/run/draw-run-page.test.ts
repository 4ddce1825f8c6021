import { expect, it } from 'vitest';
import { drawRunPage } from './draw-run-page.js';
import type { PublicRow } from './summarise-run.js';

const score = { estimate: 50, lower: 40, upper: 60 };
const row: PublicRow = {
  ...{ benchmark: 'B', task: 'a', policy: 'h2o', budget: '25%', prompts: 9, skipped: 0 },
  ...{ official: score, strict: score, againstFull: null, p: null, keptShare: 0.25, bytes: 1 },
  ...{ peakBytes: 1, residentBytes: 1, footprint: 1, goneEverywhere: 0, cut: 0 },
  ...{ scorerErrors: 0, groups: {}, secondsPerPrompt: 1 },
};

it('has scores right beside what they are of, and every p with the same decimals', () => {
  const rows = [null, 9.999e-5, 0.0424, 0.1156].map((p) => ({ ...row, p }));
  const html = drawRunPage({
    ...{ settings: {}, tasks: [], problems: [], skipped: [], maps: [], rows },
  });
  const table = /<table[\s\S]*?<\/table>/.exec(html)![0];
  const names = [...table.matchAll(/<th [^>]*>([^<]*)</g)].map(([, name]) => name);
  expect(names.slice(0, 4)).toEqual(['task', 'policy', 'budget', 'score']);
  const cells = [...table.matchAll(/<tr>(.*?)<\/tr>/gs)]
    .slice(1)
    .map(([, cells]) => [...cells!.matchAll(/<td[^>]*>([^<]*)/g)].map(([, text]) => text));
  expect(cells.map((texts) => texts[names.indexOf('p')])).toEqual(['–', '0.000', '0.042', '0.116']);
  expect(cells.map((texts) => texts[names.indexOf('prompts')])).toEqual(['9', '9', '9', '9']);
});
