import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

/** `watch` of short clips under one policy. */
const watch = (...args: string[]) =>
  spawnSync(process.execPath, [cli, 'watch', '--policies', 'sink-recent', ...args], {
    encoding: 'utf8',
  });

it('takes time and memory block by block, and asks about each part of the clips', () => {
  const sizes = ['--frames', '50', '--block', '20', '--lengths', '24,120', '--clips', '4,2'];
  const { status, stdout, stderr } = watch(...sizes, '--reuse-below', '0.5', '--json');
  expect([status, stderr]).toEqual([0, '']);
  const { blocks, settled, answers } = JSON.parse(stdout);
  expect(blocks.map(({ frames }: { frames: number }) => frames)).toEqual([20, 40, 50]);
  for (const { cpu, mean, young, residentMegabytes, rows } of blocks) {
    for (const seconds of [cpu, mean, young]) expect(seconds).toBeGreaterThan(0);
    expect(residentMegabytes).toBeGreaterThan(10);
    expect(rows).toBe(40); // the budget
  }
  expect(Object.keys(settled)).toEqual(['time', 'age', 'memory']);
  // The full cache of 120 frames does not fit.
  const asked = new Map<string, number>();
  for (const { frames, policy, asked: count, right, reused } of answers) {
    const key = `${frames} ${policy}`;
    asked.set(key, (asked.get(key) ?? 0) + count);
    expect(right).toBeLessThanOrEqual(count);
    expect(reused).toBeLessThan(frames * count + 1);
  }
  expect(Object.fromEntries(asked)).toEqual({
    ...{ '24 full': 4, '24 sink-recent': 4, '120 sink-recent': 2 },
  });
  const reused = answers.reduce((sum: number, each: { reused: number }) => sum + each.reused, 0);
  expect(reused).toBeGreaterThan(0);
});

it('refuses a policy that it does not know', () => {
  const { status, stderr } = watch('--policies', 'some');
  expect(status).toBe(2);
  expect(stderr).toContain('some');
});
