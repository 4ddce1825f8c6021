import { describe, expect, it } from 'vitest';
import { setUpMeasure } from './set-up-measure.js';

const setup = setUpMeasure('kept');
const { commands } = setup;

/** `kept` on a model of two layers and few words. */
function kept(...args: string[]) {
  const tiny = ['--layers', '2', '--vocabulary', '256', '--rounds', '2', '--decode-tokens', '4'];
  const command = ['kept', '--work', setup.folder, ...tiny, ...args];
  return commands.run(command);
}

describe('measure kept', () => {
  it('times even and uneven heads that keep the same, and finds memory within its bound', async () => {
    const sizes = ['--length', '1200', '--shares', '100,50', '--memory-tokens', '256'];
    const { status, stdout, stderr } = await kept(...sizes, '--json');
    expect(stderr).toBe('');
    const { rows, memory } = JSON.parse(stdout);
    const found = rows.map(({ rounds, ...variant }: { rounds: { bytes: number }[] }) => ({
      ...variant,
      bytes: rounds.map(({ bytes }) => bytes),
    }));
    const all = 2 * 3 * 1200 * (2 * 64 + 1) * 4;
    expect(found).toEqual([
      { kept: 100, heads: 'even', bytes: [all, all] },
      { kept: 50, heads: 'even', bytes: [all / 2, all / 2] },
      { kept: 50, heads: 'uneven', bytes: [all / 2, all / 2] },
    ]);
    expect(rows[2].rounds[0]).toMatchObject({ fewest: 120, most: 1200 });
    for (const { rounds } of rows) {
      for (const { cpu, wall } of rounds) expect(Math.min(cpu, wall)).toBeGreaterThan(0);
    }
    expect(memory.map(({ policy }: { policy: string }) => policy)).toEqual([
      'full',
      'even heads',
      'uneven heads',
    ]);
    for (const { afterChunks, whileDecoding } of memory) {
      expect(afterChunks).toBeLessThanOrEqual(1.25);
      expect(whileDecoding).toBeGreaterThanOrEqual(1);
      expect(whileDecoding).toBeLessThanOrEqual(1.25);
    }
    expect(memory[2].most).toBeGreaterThan(4 * memory[2].fewest);
    expect(status).toBe(0);
  });

  it('prints two tables', async () => {
    const { status, stdout } = await kept(
      '--length',
      '64',
      '--shares',
      '100,25',
      '--memory-tokens',
      '8',
    );
    expect(stdout).toMatch(/^\| 100 % \| even +\| +64 \|/m);
    expect(stdout).toMatch(/^\| +25 % \| uneven +\| +2–37 \|/m);
    expect(stdout).toMatch(/^\| uneven heads \|/m);
    expect(status).toBe(0);
  });

  it('explains what is wrong', async () => {
    const cases: [args: string[], message: string][] = [
      [['--shares', '120'], "'120' is above 100 percent"],
      [['--length', '0'], "'0' is not a whole number above 0"],
      [['--length', '32768'], 'the model has 32768'],
    ];
    const ends = await Promise.all(
      cases.map(([args]) => commands.run(['kept', '--work', setup.folder, ...args])),
    );
    for (const [i, { status, stderr }] of ends.entries()) {
      const [args, message] = cases[i]!;
      expect(stderr, args.join(' ')).toContain(message);
      expect(status, args.join(' ')).toBe(2);
    }
  });
});
