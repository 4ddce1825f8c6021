import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');

it('reads prompts beyond the trained length under a generation of NAMMs', () => {
  const sizes = ['--length', '256', '--members', '2', '--intervals', '64', '--shares', '0.5'];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [cli, 'evolve-speed', ...sizes, '--rounds', '1'],
    { encoding: 'utf8' },
  );
  expect(stderr).not.toContain('measure:');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^\| full cache +\| +64 \| 1\.00 \| +\d+ \|/m);
  expect(stdout).toMatch(/^\| NAMM +\| +64 \| 0\.\d+ \| +\d+ \|/m);
});
