import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

it('measures ours and transformers.js on the same weights, which compute the same', () => {
  const sizes = ['--layers', '1', '--vision-layers', '1', '--vocabulary', '300', '--frames', '2'];
  const command = [cli, 'video', ...sizes, '--later', '3', '--decode-tokens', '2', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const { samples, differences } = JSON.parse(stdout);
  const names = samples.map(({ contender }: { contender: string }) => contender);
  expect(names).toEqual(['ours', 'ours-quarter', 'transformers.js']);
  for (const { vision, prompt, decode, peakMegabytes } of samples) {
    for (const seconds of [vision, prompt, decode]) expect(seconds).toBeGreaterThan(0);
    expect(peakMegabytes).toBeGreaterThan(100);
  }
  expect(differences.rows).toBeLessThan(1e-5);
  expect(differences.logits).toBeLessThan(1e-4);
});
