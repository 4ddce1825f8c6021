import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runCommands } from './run-commands.ts';

const folder = mkdtempSync(join(tmpdir(), 'namm-commands-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = join(folder, 'program.mjs');
writeFileSync(
  program,
  `
  const [what] = process.argv.slice(2);
  console.log('asked for ' + what);
  if (what === 'exit') process.exit(3);
  if (what === 'code') process.exitCode = 2;
  if (what === 'throw') throw new TypeError('thrown');
  if (what === 'late') { await new Promise((done) => setTimeout(done, 20)); console.error('late'); }
`,
);

it('gives each run the status and the words that it has alone', async () => {
  const runs = [['exit'], ['code'], ['late'], ['throw'], ['fine']];
  const results = await runCommands(program, runs);
  expect(results.map(({ status }) => status)).toEqual([3, 2, 0, 1, 0]);
  expect(results.map(({ stdout }) => stdout)).toEqual(runs.map(([what]) => `asked for ${what}\n`));
  expect(results[2]!.stderr).toBe('late\n');
  expect(results[3]!.stderr).toContain('TypeError: thrown');
});

it('says that a program is missing', async () => {
  const [result] = await runCommands(join(folder, 'none.mjs'), [[]]);
  expect(result!.status).toBe(1);
  expect(result!.stderr).toContain('none.mjs');
});
