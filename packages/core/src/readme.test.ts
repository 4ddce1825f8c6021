import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import * as core from './index.js';

it('runs the example of the README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = example.replace(/^import (.*) from .*$/m, 'const $1 = core;');
  const run = new Function('core', `${body}\nreturn number;`);
  expect(run(core)).toBe(new core.Random(7, 1).uint32());
});
