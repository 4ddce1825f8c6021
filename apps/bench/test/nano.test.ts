import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-nano-'));
afterAll(() => rmSync(folder, { recursive: true }));

function nano(...args: string[]) {
  return spawnSync(process.execPath, [cli, 'nano', ...args], {
    encoding: 'utf8',
    timeout: 100_000,
  });
}

describe('bench nano', () => {
  it('scores the bundled model at its training length with full cache, oracle and a policy', () => {
    const out = join(folder, 'scores.jsonl');
    const policies = ['--policies', 'full,oracle,sink-recent', '--budget-share', '0.1'];
    const { status, stdout } = nano('--prompts', '3', '--factors', '1', ...policies, '--out', out);
    expect(status).toBe(0);
    const lines = readFileSync(out, 'utf8').trim().split('\n');
    const [full, oracle, recent] = lines.map((line) => JSON.parse(line));
    const mean = ({ scores }: { scores: Record<string, number[]> }) => {
      // The bundled model was trained before there were votes and trails.
      const { votes: _, trail: __, ...trained } = scores;
      const all = Object.values(trained).flat();
      return all.reduce((a, b) => a + b) / all.length;
    };
    expect(Object.keys(full.scores)).toHaveLength(8);
    // The card says .99; three prompts per family leave room for a few wrong answers.
    expect(mean(full)).toBeGreaterThan(0.8);
    expect(mean(oracle)).toBeGreaterThan(0.8);
    expect(mean(recent)).toBeLessThan(0.5);
    expect(full.kept).toBe(1);
    expect(oracle.kept).toBeLessThan(0.35);
    expect(recent.kept).toBeLessThan(0.12);
    expect(stdout).toMatch(
      /oracle:\n +[\d.]+ \[[\d.]+, [\d.]+\], [\d.]+ \[[\d.]+, [\d.]+\] x full/,
    );
  });

  it.each([
    [['--policies', 'magic'], "'magic' is none of oracle"],
    [['--factors', '0'], "'0' is not a positive number"],
    [['--model', join(folder, 'none')], 'does not exist'],
  ])('refuses %j', (args, message) => {
    const { status, stderr } = nano(...args);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});
