import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as namm from '@namm/namm';
import { afterAll, expect, it } from 'vitest';
import * as own from '../src/index.js';
import { folder as modelFolder, texts } from './setup.js';

const folder = mkdtempSync(join(tmpdir(), 'namm-readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs an example of the README on what it does not define itself. */
async function example(number: number, scope: Record<string, unknown>, result: string) {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const all = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)];
  const code = all[number]![1]!.replace(/^import .*$/gm, '');
  const known = { ...own, ...namm, ...scope };
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const run = new AsyncFunction(...Object.keys(known), `${code}; return ${result};`);
  return run(...Object.values(known));
}

it('evolves as the README does', async () => {
  const runFolder = join(folder, 'run');
  const scope = { modelFolder, texts, runFolder };
  const { best, isComplete } = await example(0, scope, '{ best, isComplete }');
  expect(isComplete).toBe(true);
  expect(best.parameters).toHaveLength(4172);
  expect(existsSync(join(runFolder, 'best.safetensors'))).toBe(true);
});

it('moves a NAMM as the README does', async () => {
  const said: string[] = [];
  const scope = {
    nammFile: join(modelFolder, 'evolved', 'published.safetensors'),
    otherModel: join(modelFolder, '..', 'nano-llama-2'),
    movedFile: join(folder, 'moved.safetensors'),
    ...{ texts, console: { log: (line: string) => said.push(line) } },
  };
  const { comparison } = await example(1, scope, '{ comparison }');
  expect(said.join('\n')).toMatch(/keeps \d+\.\d %/);
  expect(comparison.passages).toBe(4);
  const { provenance } = await namm.readCheckpoint(scope.movedFile);
  expect(provenance.comparison).toEqual(comparison);
});
