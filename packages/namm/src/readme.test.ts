import { readFile } from 'node:fs/promises';
import * as bam from '@namm/bam';
import * as kvCache from '@namm/kv-cache';
import { expect, it } from 'vitest';
import * as own from './index.js';

it('runs the example of the README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = example.replace(/^import (.*) from .*$/gm, 'const $1 = everything;');
  const run = new Function('everything', `${body}\nreturn { cache, policy };`);
  const { cache, policy } = run({ ...bam, ...kvCache, ...own });
  expect(cache.policy).toBe(policy);
  expect(policy).toMatchObject({ name: 'namm', updateInterval: 512, probe: { kind: 'spectrum' } });
  expect(cache.memory().bytes.policy).toBe(0);
});
