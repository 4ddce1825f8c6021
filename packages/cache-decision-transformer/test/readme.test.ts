import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as kvCache from '@namm/kv-cache';
import { afterAll, expect, it } from 'vitest';
import * as ours from '../src/index.js';
import { removeFolders, temporaryFolder } from './helpers.js';

afterAll(removeFolders);

it('runs the example of the README', async () => {
  const folder = join(await temporaryFolder(), 'model');
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = example
    .replace(/^import (.*) from '@namm\/cache-decision-transformer';$/m, 'const $1 = ours;')
    .replace(/^import (.*) from '@namm\/kv-cache';$/m, 'const $1 = kvCache;')
    .replaceAll("'model'", 'folder');
  const names = '{ seen, keptPerHead, keptByKind, bytes }';
  const run = new Function(
    ...['ours', 'kvCache', 'folder'],
    `return (async () => { ${body}\nreturn ${names}; })()`,
  );
  const { seen, keptPerHead, keptByKind, bytes } = await run(ours, kvCache, folder);
  expect(seen).toBe(599);
  expect(keptPerHead).toEqual([[30], [30], [30]]);
  expect(keptByKind.return + keptByKind.state + keptByKind.action).toBe(90);
  expect(bytes.used).toBe(90 * 2 * 64 * 4);
});
