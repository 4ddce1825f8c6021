import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import * as cmaEs from './index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

it('has an example in the README that runs', () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = example.replace(/^import (.*) from .*$/m, 'const $1 = cmaEs;');
  const names = '{ fitness, parameters, sigma, axisRatio }';
  const { fitness, parameters, sigma, axisRatio } = new Function(
    'cmaEs',
    `${body}\nreturn ${names};`,
  )(cmaEs);
  expect(fitness).toBeLessThan(1e-12);
  expect([...parameters].every((value) => Math.abs(value - 1) < 1e-5)).toBe(true);
  expect(sigma).toBeLessThan(0.01);
  expect(axisRatio).toBeGreaterThan(1);
});

it('names every stop condition in the README', () => {
  for (const name of Object.keys(cmaEs.neverStop)) {
    expect(readme).toContain(`\`${name === 'noEffect' ? 'noEffectAxis' : name}\``);
  }
});
