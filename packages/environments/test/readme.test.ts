import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import * as environments from '../src/index.js';

it('runs the example of the README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = example.replace(/^import (.*) from .*$/m, 'const $1 = environments;');
  const run = new Function(
    'environments',
    `return (async () => { ${body}\nreturn { withMemory, without, observation, reward, terminated }; })()`,
  );
  const result = await run(environments);
  expect(result.withMemory).toBe(100);
  // Four standard deviations of a hundred tosses.
  expect(Math.abs(result.without - 50)).toBeLessThan(20);
  expect(result.observation).toHaveLength(11);
  expect(result.reward).toBeGreaterThan(0);
  expect(result.terminated).toBe(false);
});
