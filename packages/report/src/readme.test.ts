import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@namm/core';
import * as kvCache from '@namm/kv-cache';
import { stripTypes } from '@namm/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampleRecord } from '../test/sample-record.js';
import * as report from './index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-report-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the README's example that writes a file; its files are in a folder of our own. */
async function runExample(file: string): Promise<void> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  const body = stripTypes(examples.find((code) => code.includes(`'${file}'`))!)
    .replace(/^import (.*) from '@namm\/core';$/m, 'const $1 = core;')
    .replace(/^import (.*) from '@namm\/kv-cache';$/m, 'const $1 = kvCache;')
    .replace(/^import (.*) from '@namm\/report';$/m, 'const $1 = report;')
    .replaceAll(/'(run|episode|evolution)\.(\w+)'/g, `join('$1.$2')`);
  const run = new Function(
    'core',
    'kvCache',
    'report',
    'join',
    `return (async () => { ${body} })()`,
  );
  await run(core, kvCache, report, (name: string) => join(folder, name));
}

it('runs the example of a retention page', async () => {
  const record = sampleRecord({ layers: 2, heads: 2, tokens: 40, chunk: 8 }, 1);
  await kvCache.writeRetentionRecord(join(folder, 'run.safetensors'), record);
  await runExample('run.html');
  const page = await readFile(join(folder, 'run.html'), 'utf8');
  expect(page).toContain('<h1>What sample kept</h1>');
});

it('runs the example of an episode', async () => {
  await runExample('episode.html');
  expect(await readFile(join(folder, 'episode.html'), 'utf8')).toContain('walker');
});

it('runs the example of curves and tables', async () => {
  await runExample('evolution.html');
  const page = await readFile(join(folder, 'evolution.html'), 'utf8');
  expect(page).toContain('<figcaption>Fitness</figcaption>');
  expect(page).toContain('0.97');
});
