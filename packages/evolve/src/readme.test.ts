import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripTypes } from '@namm/testing';
import { expect, it } from 'vitest';
import * as own from './index.js';

/** How far a mass goes that is let go at 1, on average. */
function simulate({ mass }: { mass: number }, gains: ArrayLike<number>): number {
  let [position, velocity, distance] = [1, 0, 0];
  for (let step = 0; step < 100; step++) {
    velocity += ((-gains[0]! * position - gains[1]! * velocity) / mass) * 0.1;
    position += velocity * 0.1;
    distance += Math.min(Math.abs(position), 10) / 100;
  }
  return distance;
}

it('runs the example of the README', async () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const example = readme.match(/```ts\n([\s\S]*?)```/)![1]!;
  const code = stripTypes(example).replace(/^import .*$/gm, '');
  const folder = mkdtempSync(join(tmpdir(), 'namm-readme-'));
  const scope = { ...own, folder, simulate };
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const run = new AsyncFunction(...Object.keys(scope), `${code}; return { best, isComplete };`);
  const { best, isComplete } = await run(...Object.values(scope));
  expect(isComplete).toBe(true);
  expect(best.parameters).toHaveLength(2);
  const distance = (gains: ArrayLike<number>) => simulate({ mass: 2 }, gains);
  expect(distance(best.parameters)).toBeLessThan(distance([0.1, 0.1]));
  rmSync(folder, { recursive: true });
});
