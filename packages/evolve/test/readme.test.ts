import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as benchmarks from '@namm/benchmarks';
import * as decoder from '@namm/decoder';
import { expect, it } from 'vitest';
import * as own from '../src/index.js';
import { folder as modelFolder, texts } from './setup.js';

it('runs the example of the README', async () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const code = readme.match(/```ts\n([\s\S]*?)```/)![1]!.replace(/^import .*$/gm, '');
  const runFolder = mkdtempSync(join(tmpdir(), 'namm-readme-'));
  const scope = { ...benchmarks, ...decoder, ...own, modelFolder, texts, runFolder };
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const run = new AsyncFunction(...Object.keys(scope), `${code}; return { best, isComplete };`);
  const { best, isComplete } = await run(...Object.values(scope));
  expect(isComplete).toBe(true);
  expect(best.parameters).toHaveLength(4172);
  rmSync(runFolder, { recursive: true });
});
