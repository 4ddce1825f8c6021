import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as kvCache from './index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  it('has an example that runs', async () => {
    const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const body = example.replace(/^import (.*) from .*$/m, 'const $1 = kvCache;');
    const names = '{ positions, keys, seen, held, bytes }';
    const run = new Function('kvCache', `return (async () => { ${body}\nreturn ${names}; })()`);
    const { bytes, ...result } = await run(kvCache);
    expect(result).toEqual({
      positions: [0, 1, 6, 7, 8, 9],
      keys: new Float32Array(48).fill(1),
      seen: 10,
      held: 24,
    });
    expect(bytes).toMatchObject({ used: 24 * 2 * 8 * 4, positions: 24 * 4, policy: 0 });
  });

  it('lists every policy by factory and name', () => {
    const policies = readme.slice(readme.indexOf('## Policies'));
    const rows = policies.split('\n').filter((line) => line.startsWith('| `'));
    const names = rows.flatMap((row) => [
      ...(/\((`.*?)\) *\|/.exec(row)?.[1] ?? '').matchAll(/`(.*?)`/g),
    ]);
    expect(names.map(([, name]) => name).sort()).toEqual([...kvCache.policyNames].sort());
    for (const row of rows) expect(kvCache).toHaveProperty(/`(\w+)`/.exec(row)![1]!);
  });
});
