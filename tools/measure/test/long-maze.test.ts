import { fileURLToPath } from 'node:url';
import { nammCheckpoints } from '@namm/models';
import { runCommands } from '@namm/testing';
import { expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

/** One row of the JSON. */
interface Row {
  readonly policy: string;
  readonly episodes: readonly {
    readonly seed: number;
    readonly steps: number;
    readonly computed: number;
    readonly isRight: boolean;
    readonly rowsPerHead: { readonly mean: number; readonly peak: number };
    readonly peakBytes: number;
  }[];
}

it('plays mazes as if every step were computed', async () => {
  const small = ['long-maze', '--lengths', '900', '--seed', '7', '--episodes', '2', '--json'];
  const [skipping, whole, table] = await runCommands(cli, [
    small,
    [...small, '--whole'],
    ['long-maze', '--lengths', '40', '--episodes', '2', '--policies', 'namm'],
  ]);
  const [found, wanted] = [skipping, whole].map((run) => JSON.parse(run!.stdout).rows as Row[]);
  expect(found!.map(({ policy }) => policy)).toEqual([
    ...['namm', 'sink-recent', 'newest-steps:20', 'window:20'],
  ]);
  for (const [i, { policy, episodes }] of found!.entries()) {
    for (const [n, { computed, rowsPerHead, ...episode }] of episodes.entries()) {
      const { computed: all, rowsPerHead: rows, ...other } = wanted![i]!.episodes[n]!;
      expect(episode, policy).toEqual(other);
      expect(rowsPerHead.peak).toBe(rows.peak);
      expect(rowsPerHead.mean).toBeCloseTo(rows.mean, 9);
      expect([episode.steps, all]).toEqual([901, 901]);
      expect(computed, policy).toBeLessThan(600);
      if (policy === 'namm') expect([episode.isRight, rows.peak < 20]).toEqual([true, true]);
    }
  }
  expect(table!.stdout).toMatch(/\| +40 \| namm +\| +2 \| 2 \(0\.158 … 1\.000\) \|/);
});

it('refuses what goes by how long ago something was', async () => {
  const small = ['long-maze', '--lengths', '20', '--episodes', '1'];
  const published = nammCheckpoints('nano-llama')[0]!;
  const [other, file, seesAge] = await runCommands(cli, [
    [...small, '--policies', 'h2o'],
    [...small, '--policies', `namm:${published}`],
    [...small, '--policies', 'namm', '--checkpoint', published],
  ]);
  expect([other!.status, file!.status, seesAge!.status]).toEqual([2, 2, 2]);
  expect(other!.stderr).toContain("'h2o' is none of");
  expect(file!.stderr).toContain('is none of');
  expect(seesAge!.stderr).toMatch(/sees how old tokens are/);
});
