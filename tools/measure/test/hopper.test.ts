import { fileURLToPath } from 'node:url';
import { runCommands } from '@namm/testing';
import { expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

it('times episodes of a hopper that last as long as was asked', async () => {
  const small = ['hopper', '--episodes', '2', '--steps', '150', '--budget', '30'];
  const [json, table, wrong] = await runCommands(cli, [
    [...small, '--json'],
    [...small, '--policies', 'window:2'],
    [...small, '--policies', 'memory'],
  ]);
  const { rows } = JSON.parse(json!.stdout);
  const found = rows.map(({ policy, episodes }: { policy: string; episodes: object[] }) => [
    policy,
    ...episodes.map((each) => (each as { rows: number }).rows),
  ]);
  // 150 steps are 449 tokens: the last action is not read.
  expect(found).toEqual([
    ['newest-steps:20', 59, 59],
    ['h2o', 30, 30],
    ['full', 449, 449],
    ['window:20', 0, 0],
  ]);
  for (const { time } of rows) expect(Math.min(time.cpu, time.wall)).toBeGreaterThan(0);
  expect(table!.stdout).toMatch(/^\| window:2 +\| +0\.0 \|/m);
  expect(wrong!.status).toBe(2);
  expect(wrong!.stderr).toContain('memory');
});
