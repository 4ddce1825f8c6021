import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const bench = (...args: string[]) =>
  spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-speed-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('bench speed', () => {
  it('finds that both compute the same, and prints a row for each of them', () => {
    const short = ['--layers', '2', '--lengths', '128', '--rounds', '1', '--new-tokens', '8'];
    const { status, stdout, stderr } = bench('speed', '--work', folder, ...short);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^128 tokens: the same 9 greedy tokens; logits differ by \S+ at most\.$/m,
    );
    const rows = stdout.split('\n').filter((line) => /^\| +128 \|/.test(line));
    expect(rows.map((row) => row.split('|')[2]!.trim())).toEqual([
      'transformers.js',
      'ours',
      'ours, 25 % kept',
    ]);
    for (const row of rows) {
      const [prefill, , decode, , peak, ...ratios] = row.split('|').slice(3, -1);
      for (const cell of [prefill, decode, peak, ...ratios])
        expect(Number(cell)).toBeGreaterThan(0);
    }
    expect(status).toBe(0);
  });

  it('gives no figures when the peer computes something else', () => {
    const peer = join(folder, 'transformers-js'); // of the test above, from another seed
    const work = join(folder, 'other');
    const short = ['--layers', '2', '--lengths', '16', '--new-tokens', '2', '--seed', '2'];
    const { status, stdout, stderr } = bench('speed', '--work', work, '--peer', peer, ...short);
    expect(stderr).toMatch(
      /^bench: at 16 tokens .* do not compute the same: .*; nothing was timed/,
    );
    expect(stdout).not.toContain('|');
    expect(status).toBe(2);
  });

  it.each(['--lengths', '--rounds', '--layers'])('explains a wrong %s', (option) => {
    const { status, stderr } = bench('speed', option, '0');
    expect(stderr).toMatch(/'0' is not a whole number above 0/);
    expect(status).toBe(2);
  });
});
