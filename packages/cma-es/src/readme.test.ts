import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import * as cmaEs from './index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, example]) => example!);
// inside the package, so that the examples find what they import
const folder = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), 'readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs an example, and gives what it calls by these names. */
async function resultsOf(example: string, names: string, console = { log: () => {} }) {
  const body = example.replace(/^import (.*) from .*$/m, 'const $1 = cmaEs;');
  const { outputText } = typescript.transpileModule(`${body}\nreturn ${names};`, {
    compilerOptions: { target: typescript.ScriptTarget.ES2022 },
  });
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  return new AsyncFunction('cmaEs', 'console', outputText)(cmaEs, console);
}

describe('the examples of the README', () => {
  it('are two, and compile under strict', () => {
    expect(examples.length).toBe(2);
    const files = examples.map((_, index) => join(folder, `${index}.ts`));
    for (const [index, file] of files.entries()) writeFileSync(file, examples[index]!);
    const base = fileURLToPath(new URL('../../../tsconfig.base.json', import.meta.url));
    const { config } = typescript.readConfigFile(base, typescript.sys.readFile);
    const { options } = typescript.parseJsonConfigFileContent(
      config,
      typescript.sys,
      dirname(base),
    );
    const program = typescript.createProgram(files, options);
    const problems = files.flatMap((file) =>
      typescript
        .getPreEmitDiagnostics(program, program.getSourceFile(file))
        .map(({ messageText }) => typescript.flattenDiagnosticMessageText(messageText, '\n')),
    );
    expect(problems).toEqual([]);
  }, 120_000);

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
