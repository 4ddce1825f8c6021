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

  it('has a policy of your own that keeps what it says', async () => {
    const example = readme.slice(readme.indexOf('## A policy of your own'));
    const code = /```ts\n([\s\S]*?)```/.exec(example)?.[1] ?? '';
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(15);
    const body = code
      .replace(/^import (.*) from .*$/m, 'const $1 = kvCache;')
      .replace('export function', 'function');
    const make = new Function('kvCache', `${body}\nreturn peaks();`);
    const policy = make(kvCache) as kvCache.EvictionPolicy;
    expect(policy.probe).toEqual({ kind: 'columnSums' });
    const layer = { keyValueHeads: 1, queryHeads: 1, headSize: 1, window: null };
    const cache = new kvCache.KVCache({ model: 'any', layers: [layer] }, { policy });
    const pass = async (count: number, received: number[]) => {
      const numbers = new Float32Array(count);
      const heads = [Float64Array.from(received)];
      const observations = [{ kind: 'columnSums', heads }] as const;
      await cache.update({ count, rows: [{ keys: numbers, values: numbers }], observations });
      return [...cache.tokens(0, 0)];
    };
    expect(await pass(10, [1, 5, 2, 4, 3, 0, 0, 0, 0, 0])).toEqual([1, 6, 7, 8, 9]);
    // Token 1 has its peak from the pass before; of the others the largest and the newest four stay.
    const held = await pass(4, [0, 2, 3, 1, 1, 0, 0, 0, 0]);
    expect(held).toEqual([1, 6, 7, 10, 11, 12, 13]);
    expect(cache.memory().bytes.policy).toBe(7 * 8);
  });

  it('lists every policy by factory and name', () => {
    const policies = readme.slice(readme.indexOf('## Policies'));
    const rows = policies.split('\n').filter((line) => line.startsWith('| `'));
    const names = rows.flatMap((row) => [
      ...(/\((`.*?)\) *\|/.exec(row)?.[1] ?? '').matchAll(/`(.*?)`/g),
    ]);
    const byFactoryAlone = ['taught', 'protected-random']; // they take more than a budget
    const known = [...kvCache.policyNames, ...byFactoryAlone];
    expect(names.map(([, name]) => name).sort()).toEqual(known.sort());
    for (const row of rows) expect(kvCache).toHaveProperty(/`(\w+)`/.exec(row)![1]!);
  });
});
