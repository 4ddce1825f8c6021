import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import * as bam from './index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

it('runs the example of the README', () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = example.replace(/^import (.*) from .*$/m, 'const $1 = bam;');
  const scores = new Function('bam', `${body}\nreturn scores;`)(bam);
  expect(scores).toEqual(new Float32Array(5).fill(-0.5));
});

it('counts the parameters of the scorers that the README lists', () => {
  const rows = [...readme.matchAll(/^\| `(\{ kind.*?\})`.*?\| ([\d,]+) +\|/gm)];
  expect(rows).toHaveLength(3);
  for (const [, settings, count] of rows) {
    const parsed = new Function(`return ${settings}`)() as bam.ScorerSettings;
    expect(bam.parameterCount(parsed)).toBe(Number(count!.replace(',', '')));
  }
});
