import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import * as features from './index.js';

it('runs the example of the README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = example.replace(/^import (.*) from .*$/m, 'const $1 = features;');
  const run = new Function('features', `${body}\nreturn { rows, bytes, slots: state.slots };`);
  const { rows, bytes, slots } = run(features);
  expect(rows).toHaveLength(64 * 25);
  for (let bin = 0; bin < 17; bin++) {
    // Normalised by their own statistics.
    let sum = 0;
    for (let token = 0; token < 64; token++) sum += rows[token * 25 + 8 + bin];
    expect(Math.abs(sum)).toBeLessThan(1e-3);
  }
  expect([...rows.slice(63 * 25, 63 * 25 + 8)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  // Tokens 0 and 5 have all 33 numbers; token 63 was born with the last row, of 16.
  expect({ bytes, slots }).toEqual({ bytes: (2 * 33 + 17 + 1) * 2, slots: 3 });
});
