import { describe, expect, it } from 'vitest';
import { setUpMeasure } from './set-up-measure.js';

const setup = setUpMeasure('prefill');
const { commands } = setup;

/** `prefill` on a model of two layers and few words. */
function prefill(rounds: number, ...args: string[]) {
  const sizes = ['--layers', '2', '--vocabulary', '256', '--length', '384'];
  const tiny = [...sizes, '--rounds', `${rounds}`];
  const command = ['prefill', '--work', setup.folder, ...tiny, '--update-interval', '64', ...args];
  return commands.run(command);
}

describe('measure prefill', () => {
  it('reads a prompt under a NAMM that keeps about the share, all, and other policies', async () => {
    const { status, stdout, stderr } = await prefill(2, '--share', '0.4', '--json');
    expect(stderr).toBe('');
    const { rows } = JSON.parse(stdout);
    const names = rows.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['full cache', 'H2O', 'NAMM', 'NAMM that keeps all']);
    for (const { rounds } of rows) {
      expect(rounds).toHaveLength(2);
      for (const { cpu, wall } of rounds) expect(Math.min(cpu, wall)).toBeGreaterThan(0);
    }
    const [whole, h2o, some, all] = rows.map(({ rounds }: { rounds: unknown[] }) => rounds[0]);
    expect(whole).toMatchObject({ kept: 1, policyBytes: 0 });
    expect(h2o.kept).toBeCloseTo(0.4, 2);
    expect(Math.abs(some.kept - 0.4)).toBeLessThan(0.1);
    expect(all.kept).toBe(1);
    expect(all.policyBytes).toBeLessThanOrEqual(2 * 3 * 384 * 33 * 2);
    expect(status).toBe(0);
  });

  it('prints a table, and refuses a share that is none', async () => {
    const { status, stdout } = await prefill(1);
    expect(stdout).toMatch(/^\| NAMM that keeps all \| 100\.0 % \|/m);
    expect(status).toBe(0);
    const refused = await prefill(1, '--share', '30');
    expect(refused.stderr).toContain("'30' is not between 0 and 1");
    expect(refused.status).toBe(2);
  });
});
