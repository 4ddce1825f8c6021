import { fileURLToPath } from 'node:url';
import { runCommands } from '@namm/testing';
import { expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

it('measures episodes on caches beside a window computed anew', async () => {
  const small = ['episodes', '--hidden', '16', '--window', '2', '--steps', '12', '--rounds', '2'];
  const [json, table, wrong, lonely] = await runCommands(cli, [
    [...small, '--json'],
    small,
    ['episodes', '--model', 'missing'],
    [...small, '--python', 'no-such-python'],
  ]);
  const { rows } = JSON.parse(json!.stdout);
  const found = rows.map(({ name, times }: { name: string; times: { rows: number }[] }) => [
    ...[name, ...times.map((time) => time.rows)],
  ]);
  expect(found).toEqual([
    ['window of 2, computed anew', 0, 0],
    ['whole episode', 35, 35],
    ['newest 2 steps', 5, 5],
    ['h2o, 6 tokens', 6, 6],
  ]);
  for (const { times } of rows) {
    for (const { cpu, wall } of times) expect(Math.min(cpu, wall)).toBeGreaterThan(0);
  }
  expect(table!.stdout).toMatch(/^\| newest 2 steps +\| +5 \|/m);
  expect([json!.status, table!.status]).toEqual([0, 0]);
  expect(wrong!.status).not.toBe(0);
  expect(wrong!.stderr).toMatch(/missing/);
  expect(lonely!.status).not.toBe(0);
  expect(lonely!.stderr).toMatch(/no-such-python .*agent_steps\.py could not run/);
});
