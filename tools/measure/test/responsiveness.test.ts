import { describe, expect, it } from 'vitest';
import { setUpMeasure } from './set-up-measure.js';

const setup = setUpMeasure('responsiveness');
const { commands } = setup;

/** `responsiveness` on a model of one layer and few words. */
function responsiveness(...args: string[]) {
  const tiny = ['--layers', '1', '--vocabulary', '256', '--rounds', '1'];
  const command = ['responsiveness', '--work', setup.folder, ...tiny, ...args];
  return commands.run(command);
}

describe('measure responsiveness', () => {
  it('watches the event loop with the model in this thread and in a worker', async () => {
    const { status, stdout, stderr } = await responsiveness('--length', '600', '--json');
    expect(stderr).toBe('');
    const { rows } = JSON.parse(stdout);
    const [nowhere, here, worker] = rows.map(({ rounds }: { rounds: unknown[] }) => rounds[0]);
    expect(rows.map(({ place }: { place: string }) => place)).toEqual([
      'nowhere',
      'this thread',
      'a worker',
    ]);
    for (const { p50, p99, max, ticks, seconds } of [nowhere, here, worker]) {
      expect(p50).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50);
      expect(max).toBeGreaterThanOrEqual(0.99 * p99); // the histogram rounds
      expect(ticks).toBeGreaterThan(0);
      expect(seconds).toBeGreaterThan(0);
    }
    // Three chunks let a tick through in between; a free event loop ticks all the time.
    expect(here.ticks / here.seconds).toBeLessThan(worker.ticks / worker.seconds);
    expect(status).toBe(0);
  });

  it('prints a table', async () => {
    const { status, stdout } = await responsiveness('--length', '32');
    const places = [...stdout.matchAll(/^\| (nowhere|this thread|a worker) +\|/gm)];
    expect(places.map(([, place]) => place)).toEqual(['nowhere', 'this thread', 'a worker']);
    expect(status).toBe(0);
  });

  it('explains what is wrong', async () => {
    const cases: [args: string[], message: string][] = [
      [['--length', '40000'], 'the model has 32768'],
      [['--rounds', '0'], "'0' is not a whole number above 0"],
    ];
    const ends = await Promise.all(
      cases.map(([args]) => commands.run(['responsiveness', '--work', setup.folder, ...args])),
    );
    for (const [i, { status, stderr }] of ends.entries()) {
      const [args, message] = cases[i]!;
      expect(stderr, args.join(' ')).toContain(message);
      expect(status, args.join(' ')).toBe(2);
    }
  });
});
