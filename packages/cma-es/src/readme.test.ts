import { readFileSync } from 'node:fs';
import { stripTypes } from '@namm/testing';
import { describe, expect, it } from 'vitest';
import * as cmaEs from './index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, example]) => example!);

/** Runs an example, and gives what it calls by these names. */
async function resultsOf(example: string, names: string, console = { log: () => {} }) {
  const body = example.replace(/^import (.*) from .*$/m, 'const $1 = cmaEs;');
  const code = stripTypes(`${body}\nreturn ${names};`);
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  return new AsyncFunction('cmaEs', 'console', code)(cmaEs, console);
}

describe('the examples of the README', () => {
  it('are two', () => {
    expect(examples.length).toBe(2); // that they compile is checked for all READMEs
  });

  it('find what they look for: Rosenbrock', async () => {
    const { best, last } = await resultsOf(examples[0]!, '{ best, last }');
    expect(best.fitness).toBeLessThan(1e-12);
    expect([...best.parameters].every((value: number) => Math.abs(value - 1) < 1e-5)).toBe(true);
    expect(last.sigma).toBeLessThan(0.01);
    expect(last.axisRatio).toBeGreaterThan(1);
  });

  it('find what they look for: twenty parameters', async () => {
    const names = '{ space, search, found, saved }';
    const { space, search, found, saved } = await resultsOf(examples[1]!, names);
    expect(Object.keys(found).length).toBe(20);
    expect(search.best.fitness).toBeLessThan(0.01);
    expect([found.optimiser, found.layers, found.batch]).toEqual(['adam', 9, 64]);
    expect(space.load(saved).save()).toEqual(search.save());
  });
});

it('names every stop condition in the README', () => {
  for (const name of Object.keys(cmaEs.neverStop)) {
    expect(readme).toContain(`\`${name === 'noEffect' ? 'noEffectAxis' : name}\``);
  }
});
