import { fileURLToPath } from 'node:url';
import { CommandHost } from '@namm/testing';
import { afterAll, describe, expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const commands = new CommandHost(cli);
afterAll(() => commands.stop());
const cma = (...args: string[]) => commands.run(['cma', ...args]);

/** The cells of a table's rows, without its head. */
const cells = (output: string) =>
  output
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('measure cma', () => {
  it('counts evaluations near the medians of pycma', async () => {
    const short = ['--dimensions', '10', '--runs', '15', '--problems', 'sphere,cigar,rosenbrock'];
    const variants = ['--variants', 'eigen,matrix-adaptation,sep'];
    const { status, stdout, stderr } = await cma('evaluations', ...short, ...variants);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const rows = cells(stdout);
    expect(rows.length).toBe(8); // sep has no anchor on rosenbrock
    for (const [, , , runs, reached, , , , ratio] of rows) {
      expect(reached).toBe(runs);
      // 6 % is the goal for 31 runs; the median of 15 varies more
      expect(Number(ratio)).toBeGreaterThan(0.9);
      expect(Number(ratio)).toBeLessThan(1.1);
    }
  });

  it('finds lm-ma ahead of sep on a rotated ellipsoid', async () => {
    const short = ['--dimension', '100', '--evaluations', '6000', '--runs', '2'];
    const { status, stdout } = await cma('large', ...short, '--problems', 'ellipsoid');
    expect(status).toBe(0);
    expect(cells(stdout)[0]![3]).toBe('2 of 2');
  });

  it('measures a generation of every model', async () => {
    const { status, stdout, stderr } = await cma('speed', '--dimension', '50', '--rounds', '1');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const rows = cells(stdout);
    expect(rows.map(([name]) => name)).toEqual([
      'ours, full',
      'ours, sep',
      'ours, sep, reuse',
      'ours, iso',
      'ours, iso, reuse',
      'ours, lm-ma',
    ]);
    for (const [, , milliseconds, , peak, , added] of rows) {
      expect(Number(milliseconds)).toBeGreaterThan(0);
      expect(Number(peak)).toBeGreaterThan(10);
      expect(Number(added)).toBeLessThan(Number(peak) / 2);
    }
  });

  it('explains a wrong problem, and a Python that lacks pycma', async () => {
    const wrong = await cma('evaluations', '--problems', 'hill');
    expect(wrong.stderr).toMatch(/'hill' is none of sphere, ellipsoid/);
    expect(wrong.status).toBe(2);
    const short = ['speed', '--dimension', '5', '--rounds', '1'];
    const { status, stderr } = await cma(...short, '--python', '/absent/python');
    expect(stderr).toMatch(/could not run; it needs a Python with cma and numpy/);
    expect(status).toBe(2);
  });
});
