import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import * as statistics from './index.js';

it('runs the example of the README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = example.replace(/^import (.*) from .*$/m, 'const $1 = statistics;');
  const run = new Function('statistics', `${body}\nreturn { middle, lower, upper };`);
  const { middle, lower, upper } = run(statistics);
  expect(middle).toBe(0.6);
  expect(lower).toBeLessThan(0.56);
  expect(upper).toBeGreaterThan(0.56);
});
